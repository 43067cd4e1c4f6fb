import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { BootError } from './boot-error.ts';
import { FolderLocked, lockFolder } from './storage/folder-lock.ts';

export interface DataFolder {
  /** The path of a file in it. */
  file(name: string): string;
  /** The signing secret of this folder, made when it is asked for the first time. */
  secret(): string;
  /** Lets another server have it. */
  release(): void;
}

/** Creates the folder where it is absent, and takes it for this server alone. Throws `BootError`; a folder that it refuses stays as it was. */
export const openDataFolder = (path: string): DataFolder => {
  const file = (name: string) => join(path, name);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (!statSync(path).isDirectory()) throw new BootError(`DATA_DIR ${path} is not a folder.`);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw refusal(error, `DATA_DIR ${path} cannot be used`);
  }
  const lock = take(path, file('lock'));
  return { file, secret: () => readOrMakeSecret(file('secret')), release: lock.release };
};

const take = (path: string, file: string) => {
  try {
    return lockFolder(file);
  } catch (error) {
    if (error instanceof FolderLocked)
      throw new BootError(`DATA_DIR ${path} is in use by another running server: stop it, or choose another folder.`, {
        cause: error,
      });
    throw refusal(error, `DATA_DIR ${path} cannot be locked`);
  }
};

const readOrMakeSecret = (file: string): string => {
  try {
    const secret = readSecret(file) ?? makeSecret(file);
    if (Buffer.byteLength(secret) >= 32) return secret;
  } catch (error) {
    throw refusal(error, `The secret in ${file} cannot be read or made`);
  }
  throw new BootError(
    `The secret in ${file} is damaged (too short). Put it back, or delete it: everybody then signs in anew.`,
  );
};

const readSecret = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** Written aside and put in place whole, so that a crash leaves either no secret or all of it. */
const makeSecret = (file: string): string => {
  const secret = randomBytes(48).toString('base64url');
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  const descriptor = openSync(draft, 'wx', 0o600);
  writeSync(descriptor, secret);
  fsyncSync(descriptor);
  closeSync(descriptor);
  linkSync(draft, file);
  rmSync(draft);
  return secret;
};

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : '');

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EEXIST: 'it is a file, not a folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
};

const refusal = (error: unknown, what: string) => {
  if (error instanceof BootError) return error;
  const reason = reasons[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
  return new BootError(`${what}: ${reason}.`, { cause: error });
};
