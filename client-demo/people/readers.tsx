import { Check, CheckCheck, type IconNode } from 'lucide';
import type { ChatError, Output, User } from 'parley/client';
import { useEffect, useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { useNamed } from '../app/use-named.ts';
import { errorText } from '../language/error-text.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { ReadingBody } from '../ui/reading-body.tsx';
import { Person } from './person.tsx';
import './readers.css';

type Answer = Output<'message:readers'>;

/** Who has read a message, and who has it on a device. */
export const Readers = ({ message_id, onClose }: { message_id: string; onClose: () => void }) => {
  const { client } = useApp();
  const words = useWords();
  const { t } = words;
  const [told, setAnswer] = useState<Answer>();
  const answer = useNamed(told);
  const [error, setError] = useState<ChatError>();
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let isCurrent = true;
    setError(undefined);
    client.call('message:readers', { id: message_id }).then(
      found => isCurrent && setAnswer(found),
      (failure: ChatError) => isCurrent && setError(failure),
    );
    return () => {
      isCurrent = false;
    };
  }, [client, message_id, attempt]);

  return (
    <Dialog title={t('people.readersTitle')} size="small" onClose={onClose}>
      <ReadingBody label={t('people.readersTitle')} class="readers">
        {error ? (
          <div class="empty" role="alert">
            <p>{errorText(words, error)}</p>
            <button type="button" class="button" onClick={() => setAttempt(attempt + 1)}>
              {t('app.tryAgain')}
            </button>
          </div>
        ) : answer ? (
          <>
            <ReaderList
              icon={CheckCheck}
              title={
                answer.read_count > 0 ? t('people.readBy', { count: answer.read_count }) : t('people.readByNobody')
              }
              users={answer.read}
              count={answer.read_count}
            />
            {answer.delivered_count > 0 && (
              <ReaderList
                icon={Check}
                title={t('people.deliveredTo', { count: answer.delivered_count })}
                users={answer.delivered}
                count={answer.delivered_count}
              />
            )}
          </>
        ) : (
          <p class="empty">{t('app.loading')}</p>
        )}
      </ReadingBody>
    </Dialog>
  );
};

const ReaderList = ({ icon, title, users, count }: { icon: IconNode; title: string; users: User[]; count: number }) => {
  const { t } = useWords();
  return (
    <section>
      <h3 class="readers-title">
        <Icon of={icon} />
        {title}
      </h3>
      {users.length > 0 && (
        <ul class="readers-list">
          {users.map(user => (
            <li key={user.id}>
              <Person user={user} />
            </li>
          ))}
        </ul>
      )}
      {users.length < count && <p class="readers-more">{t('people.readersMore', { count: count - users.length })}</p>}
    </section>
  );
};
