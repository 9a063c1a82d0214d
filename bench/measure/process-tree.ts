import { readdirSync, readFileSync } from "node:fs";

/** The processes that a mark on a command line, such as a profile's folder, and their descent bind together. */
export interface ProcessTree {
  /** Bytes in memory of all of them, pages that they share divided among them; null where the system does not tell. */
  resident(): number | null;
}

/** Finds processes in /proc anew at each question; Linux only. */
export function procTree(mark: string): ProcessTree {
  return {
    resident() {
      try {
        const parents = new Map<number, number>();
        const roots: number[] = [];
        for (const name of readdirSync("/proc")) {
          const id = Number(name);
          if (!Number.isInteger(id) || id === process.pid) continue;
          const text = read(`/proc/${id}/stat`);
          if (text === null) continue;
          // The name stands in brackets and may hold anything; the parent is the second word after it.
          parents.set(id, Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]));
          if (read(`/proc/${id}/cmdline`)?.includes(mark)) roots.push(id);
        }
        const ours = new Set(roots);
        for (let grown = true; grown; ) {
          grown = false;
          for (const [id, parent] of parents)
            if (!ours.has(id) && ours.has(parent)) {
              ours.add(id);
              grown = true;
            }
        }
        let sum = 0;
        for (const id of ours) {
          const kilobytes = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${id}/smaps_rollup`) ?? "")?.[1];
          sum += 1024 * Number(kilobytes ?? 0);
        }
        return roots.length > 0 ? sum : null;
      } catch {
        return null;
      }
    },
  };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // it ended meanwhile
  }
}
