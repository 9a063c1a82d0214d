/** An error as Photoshop throws it: some carry a number (9: the host is modal, -128: cancelled by the person). */
export class HostError extends Error {
  readonly number: number | undefined;

  constructor(message: string, number?: number) {
    super(message);
    this.name = "Error";
    this.number = number;
  }
}

/** What every call outside a modal scope says. */
export const outsideModal = (): HostError =>
  new HostError("The requested functionality is only allowed from inside a modal scope");

/** What every call says after Escape. */
export const cancelled = (): HostError => new HostError("The user cancelled the operation", -128);
