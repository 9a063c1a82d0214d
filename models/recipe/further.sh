#!/usr/bin/env bash
# A second lease, which evaluates the pack and trains it on at the same time: see README.md, "On a GPU". One step a call:
#   bash further.sh carry PACK DATA WHEEL FOLDER   at home: FOLDER/first and FOLDER/second, which travel one after the other
#   bash further.sh begin FIRST                    there: starts everything and returns; what needs the rest waits for it
#   bash further.sh rest SECOND [T]                there: gives the rest, looks at second T what the logs say
#   bash further.sh base OUT [T]                   there: the base and the evaluation of the pack, at second T at the latest
#   bash further.sh nets OUT [T]                   there: the nets and the evaluation of what was trained, likewise
#   bash further.sh sooner X                       there, before the nets begin: they end X seconds earlier
# Seconds count from `begin`. LEASE: seconds until the nets are trained. What fails does not stop the others.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
job=${TMPDIR:-/tmp}/pocket
python=${PYTHON:-python3}
export PYTHONPATH=$job/site${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
export TORCHINDUCTOR_CACHE_DIR=$job/compiled OMP_NUM_THREADS=${OMP_NUM_THREADS:-4}
read -ra evaluation <<<"${EVALUATION:---count 100}"

seconds() { echo $(($(date +%s) - $(cat "$job/began"))); }
alone() { setsid nohup "$@" </dev/null >>"$job/$log" 2>&1 & }

carry() { # PACK DATA WHEEL FOLDER
  local pack=$1 data=$2 wheel=$3 first=$4/first second=$4/second
  mkdir -p "$first/pack" "$first/data" "$first/recipe" "$second/controlnet"
  cp "$here"/*.py "$here"/*.sh "$first/recipe" && cp -r "$here/sketches" "$first/recipe"
  cp "$data"/{images.zip,items.json,merges.txt,NOTICE.txt} "$first/data"
  cp "$wheel" "$first"
  cp -r "$pack"/{vae,text_encoder,tokenizer,scheduler,knows.json,model_index.json} "$first/pack"
  cp -r "$pack/unet" "$second" && cp -r "$pack"/controlnet/* "$second/controlnet"
  du -sb "$first" "$second"
}

begin() { # FIRST
  mkdir -p "$job/site" "$job/given" || return 1
  date +%s >"$job/began"
  cp -r "$1/recipe" "$1/data" "$1/pack" "$job/" || return 1 # the next call takes away what this one brought
  "$python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("diffusers") is None)' ||
    "$python" -m zipfile -e "$1"/diffusers-*.whl "$job/site"
  cd "$job/recipe" || return 1
  log=lease.log alone bash further.sh train
  log=check.log alone bash -c "$python check.py; $python cuda_normals.py $job/given"
  log=evaluate-pack.log alone bash further.sh judge-pack
  log=evaluate-run.log alone bash further.sh judge-run
}

rest() { # SECOND [T]
  cp -r "$1" "$job/second" && mv "$job/second/unet" "$job/pack/unet" && mv "$job/second/controlnet" "$job/pack/controlnet"
  (cd "$job/pack" && sha256sum */*.safetensors controlnet/*/*.safetensors)
  wait_for "${2:-150}" "$job/never"
  told
}

train() {
  "$python" lease.py "$job/run" --start "$job/pack" --data "$job/data" --profile "${PROFILE:-further}" --seconds "${LEASE:-640}"
  echo "training ended with $?"
  touch "$job/trained"
}

judge() { # FOLDER …: a second time where it failed, which goes on from what was measured
  OMP_NUM_THREADS=2 "$python" evaluate.py "$@" --data "$job/data" "${evaluation[@]}" || OMP_NUM_THREADS=2 "$python" evaluate.py "$@" --data "$job/data" "${evaluation[@]}"
}

judge-pack() {
  judge "$job/pack" --after "$job/pack/controlnet" --out "$job/evaluation-pack"
  mkdir -p "$job/run/evaluated"
  cp "$job"/evaluation-pack/evaluated/{judge,small}.pt "$job/run/evaluated/" # the same judge for both
  touch "$job/pack-judged"
}

judge-run() {
  judge "$job/run" --after "$job/run/done.json" --splits subject --stages control words sketches
  judge "$job/run"
  touch "$job/run-judged"
}

wait_for() { # T FILE [OTHER]: until one of the files is there or second T is over
  while [ ! -e "$2" ] && [ ! -e "${3:-$2}" ] && [ "$(seconds)" -lt "$1" ]; do sleep 0.5; done
}

told() {
  echo "second $(seconds)"
  tail -n 6 "$job"/*.log "$job"/run/log-*.txt
  nvidia-smi --query-gpu=name,utilization.gpu,memory.used --format=csv,noheader 2>/dev/null
}

parts() { # OUT PART …
  local out
  mkdir -p "$1" && out=$(cd "$1" && pwd)
  shift
  cd "$job/recipe" || return
  "$python" pieces.py "$job/run" "$out" "$@"
  (cd "$job" && tar czf "$out/notes.tar.gz" ./*.log run/log-*.txt run/clock.json $(ls -d run/sheets given/normals.* run/*/report.json run/single/*/report.json 2>/dev/null))
  cp "$job"/given/*.zip "$out"
  ls -l "$out"
  echo "second $(seconds)"
}

sooner() { # X
  "$python" -c 'import json, sys; p = sys.argv[1]; c = json.load(open(p)); c["nets"] -= float(sys.argv[2]); open(p, "w").write(json.dumps(c) + "\n")' "$job/run/clock.json" "$1"
}

base() { # OUT [T]
  wait_for "${2:-475}" "$job/run/unet/report.json" "$job/trained"
  wait_for "${2:-475}" "$job/pack-judged"
  told
  (cd "$job/recipe" && "$python" parcel.py "$job/evaluation-pack" "$job/given/evaluation-pack.zip")
  parts "$1" unet text_encoder tokenizer run.json
  rm -f "$job/given/evaluation-pack.zip"
}

nets() { # OUT [T]
  wait_for "${2:-715}" "$job/trained"
  [ ! -e "$job/run/done.json" ] || wait_for "${2:-715}" "$job/run-judged"
  told
  (cd "$job/recipe" && [ -e "$job/run/evaluation.json" ] && "$python" parcel.py "$job/run" "$job/given/evaluation-run.zip")
  [ -e "$job/evaluation-pack/evaluation.json" ] && (cd "$job/recipe" && "$python" parcel.py "$job/evaluation-pack" "$job/given/evaluation-pack.zip")
  if [ -e "$job/run/controlnet/report.json" ]; then parts "$1" controlnet done.json; else parts "$1" single; fi
}

"$@"
