// Functions of the plugin that the editor may call: it knows them by a number.

const kept = new Map<number, (argument: unknown) => unknown>();

/** The functions that the editor may call. */
export const callbacks = {
  /** Keeps a function and gives its number. */
  add(callback: (argument: unknown) => unknown): number {
    const id = kept.size + 1;
    kept.set(id, callback);
    return id;
  },
  /** Calls the function of a number. */
  call: (id: number, argument: unknown): unknown => kept.get(id)?.(argument),
};
