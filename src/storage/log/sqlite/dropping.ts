import type { Database } from 'libsql';
import type { Appender } from './appender.ts';
import type { Folds } from './folds.ts';

/** Events deleted by one transaction: 5 to 11 ms (200-byte texts) in which nothing else is appended. */
const piece = 2_000;

/** Deletes a conversation's log piece by piece; each call is one piece and says whether there is more. */
export const createDropping = ({
  database,
  folds,
  appender,
}: {
  database: Database;
  folds: Folds;
  appender: Appender;
}) => {
  const newest = database.prepare('SELECT seq, n, random FROM events WHERE c = ? ORDER BY seq DESC LIMIT 1').raw();
  const dropNewest = database.prepare('DELETE FROM events WHERE c = ? AND seq > ?');
  const lower = database.prepare('UPDATE conversations SET seq = ?, n = ?, random = ? WHERE c = ?');
  const dropConversation = database.prepare('DELETE FROM conversations WHERE c = ?');
  const keepStamp = database.prepare('UPDATE meta SET stamp = max(stamp, ?)');
  const findNewest = (c: number) => newest.get([c]) as [seq: number, n: number, random: string] | undefined;

  return (conversation_id: string): boolean => {
    const c = appender.find(conversation_id);
    if (c === undefined) return false;
    // From the newest down: what a crash leaves is a shorter log without a hole, and its head stands with it.
    dropNewest.run([c, Math.max(0, (findNewest(c)?.[0] ?? 0) - piece)]);
    const last = findNewest(c);
    if (last) {
      lower.run([...last, c]);
    } else {
      folds.clear(c);
      // The stamp of this head may have been the highest, and must not be given again.
      keepStamp.run([appender.stamp()]);
      dropConversation.run([c]);
    }
    appender.forget();
    return last !== undefined;
  };
};
