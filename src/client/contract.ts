import { contractVersion } from '../protocol/contract-version.ts';
import { ChatError } from './errors.ts';

/** `told`: the version of its contract, as a server tells it, if any does. Undefined where nothing speaks against it. */
export const otherContract = (told: unknown): ChatError | undefined =>
  typeof told !== 'string' || told === contractVersion
    ? undefined
    : new ChatError('odd_answer', {
        message: `The server speaks contract ${told}, this library ${contractVersion}.`,
        details: { contract: told, known: contractVersion },
      });
