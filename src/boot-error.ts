/** Why the server cannot start, in words for whoever runs it. Printed as it is, without a stack. */
export class BootError extends Error {
  override readonly name = 'BootError';
}
