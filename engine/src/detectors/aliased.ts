import { elements } from "../graph/graph.ts";
import { incompatible } from "../models/refusal.ts";
import { dtypeBytes } from "../models/safetensors.ts";
import { type Tensors, withRead } from "../models/tensors.ts";

/** What a tensor under another name is: a tensor of the file, or one of several equal parts of its rows. */
export interface Alias {
  readonly key: string;
  readonly part?: { readonly at: number; readonly of: number };
}

/** Tensors under other names. A rule gives the names that a tensor of the file goes by, none to leave it out. */
export function aliasedTensors(
  own: Tensors,
  rule: (key: string) => readonly (readonly [name: string, part?: Alias["part"]])[],
): Tensors {
  const aliases = new Map<string, Alias>();
  for (const key of own.keys())
    for (const [name, part] of rule(key)) {
      const taken = aliases.get(name);
      if (taken) {
        const actual = `"${taken.key}" and "${key}"`;
        throw incompatible(own.label, `${actual} are both the tensor "${name}".`, {
          expected: `one "${name}"`,
          actual,
        });
      }
      aliases.set(name, part ? { key, part } : { key });
    }
  const find = (name: string): Alias => {
    const alias = aliases.get(name);
    if (alias) return alias;
    throw incompatible(own.label, `it has no tensor "${name}".`, { expected: name, actual: "no such tensor" });
  };
  const shape = (name: string): readonly number[] => {
    const { key, part } = find(name);
    const [rows = 1, ...rest] = own.shape(key);
    return part ? [rows / part.of, ...rest] : own.shape(key);
  };
  /** The first element of the part. */
  const start = (name: string): number => (find(name).part?.at ?? 0) * elements(shape(name));
  return withRead({
    label: own.label,
    keys: () => aliases.keys(),
    has: (name) => aliases.has(name),
    shape,
    dtype: (name) => own.dtype(find(name).key),
    file: (name) => own.file(find(name).key),
    nameInFile: (name) => own.nameInFile(find(name).key),
    bytes: (name, into, at) => {
      const { key } = find(name);
      own.bytes(key, into, at + start(name) * dtypeBytes[own.dtype(key)]);
    },
    place: (name) => {
      const { key } = find(name);
      const whole = own.place(key);
      return whole && { ...whole, at: whole.at + start(name) * dtypeBytes[own.dtype(key)] };
    },
    floats: (name, into, from) => own.floats(find(name).key, into, from + start(name)),
    close: () => own.close(),
  });
}
