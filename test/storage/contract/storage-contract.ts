import { describe } from 'vitest';
import { changingContract } from './changing.ts';
import { creatingContract } from './creating.ts';
import { cursorsContract } from './cursors.ts';
import { listingContract } from './listing.ts';
import { notificationsContract } from './notifications.ts';
import type { OpenStorage } from './rows.ts';
import { sessionsContract } from './sessions.ts';
import { textsContract } from './texts.ts';
import { usersContract } from './users.ts';

/** What the port promises, the same for every database. */
export const storageContract = (name: string, open: OpenStorage) =>
  describe(name, () => {
    usersContract(open);
    sessionsContract(open);
    notificationsContract(open);
    creatingContract(open);
    changingContract(open);
    cursorsContract(open);
    listingContract(open);
    textsContract(open);
  });
