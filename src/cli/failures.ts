/** Why a command did not do what it was asked; printed as one line, without a stack. Exit code 1. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** It was called wrongly: exit code 2. The text never repeats what may be a password. */
export class Misuse extends Error {
  override readonly name = 'Misuse';
}

/** Ctrl-C at a question, which is always asked before anything is changed: exit code 130. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
