/** How a command ends; part of its interface, so numbers keep their meaning. */
export const EXIT = { done: 0, failed: 1, usage: 2, unavailable: 3 } as const;

/** Something that the person at the terminal can mend, in words for them. */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
