import { randomBytes } from 'node:crypto';

/** 96 random bits in 16 characters, none of which is a dot (event ids are separated by dots). */
export const newId = () => randomBytes(12).toString('base64url');
