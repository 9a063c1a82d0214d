/** The largest seed. */
const largest = 2n ** 64n - 1n;

/** What joins a text field, a dice and a lock to a seed. */
export interface SeedField {
  /** The seed in the field, or null when what stands there is none. */
  read(): bigint | null;
  /** Called before each picture: where the seed is not locked, a new one is rolled, but for the very first. */
  advance(): void;
}

/**
 * Joins a text field, a dice and a lock. A seed that was typed counts for the next picture even without the lock.
 * `random` gives a whole number from 0 to 2^32 - 1.
 */
export function seedField(
  field: HTMLInputElement,
  dice: HTMLButtonElement,
  lock: HTMLButtonElement,
  random: () => number = () => crypto.getRandomValues(new Uint32Array(1))[0] as number,
): SeedField {
  /** True while the seed in the field has not been drawn with. */
  let fresh = true;
  const roll = (): void => {
    // Short enough to read out and to remember; every other seed can be typed.
    field.value = String(random() % 1_000_000);
    field.removeAttribute("aria-invalid");
    fresh = true;
  };
  roll();
  dice.onclick = roll;
  field.oninput = () => {
    fresh = true;
    field.removeAttribute("aria-invalid");
  };
  lock.onclick = () => {
    lock.ariaPressed = String(lock.ariaPressed !== "true");
  };
  return {
    read() {
      const text = field.value.trim();
      const seed = /^\d{1,20}$/.test(text) ? BigInt(text) : null;
      const valid = seed !== null && seed <= largest;
      field.toggleAttribute("aria-invalid", !valid);
      if (!valid) field.setAttribute("aria-invalid", "true");
      return valid ? seed : null;
    },
    advance() {
      if (!fresh && lock.ariaPressed !== "true") roll();
      fresh = false;
    },
  };
}
