#!/usr/bin/env bash
# bash lease.sh FOLDER: begins everything on a borrowed GPU machine and returns; FOLDER is what carry.py made, with diffusers'
# wheel in it where that machine's python3 lacks it. The training goes on in a session of its own: see README.md, "On a GPU".
set -euo pipefail
folder=$(cd "${1:?the folder that carry.py made}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
job=${TMPDIR:-/tmp}/pocket
mkdir -p "$job/site"
cp -r "$here" "$job/recipe"
cp -r "$folder" "$job/carried" # the next call may take away what this one brought
export PYTHONPATH=$job/site PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false TORCHINDUCTOR_CACHE_DIR=$job/compiled
python3 -c 'import diffusers' 2>/dev/null || python3 -m zipfile -e "$job"/carried/diffusers-*.whl "$job/site"
cd "$job/recipe"
python3 check.py
python3 carry.py "$job/carried" --unpack "$job/start"
setsid nohup python3 lease.py "$job/run" --start "$job/start" --data "$job/carried/data" --profile "${PROFILE:-lease}" \
  --seconds "${LEASE:-740}" >"$job/lease.log" 2>&1 </dev/null &
