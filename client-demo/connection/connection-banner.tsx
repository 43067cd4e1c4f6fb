import { CircleAlert, CloudOff, Hourglass, type IconNode, LoaderCircle, Wifi, X } from 'lucide';
import type { Entry } from 'parley/client';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useApp, useWords } from '../app/context.ts';
import { Icon } from '../ui/icon.tsx';
import { useObservable } from '../ui/state.ts';
import { Countdown } from './countdown.tsx';
import { useLasting, useTrouble } from './use-trouble.ts';
import './connection-banner.css';

/** What is sent this fast needs no words. */
const sendingMs = 4_000;

/** One line above everything where something is the matter with the connection, or with what was written; nothing as a rule. */
export const ConnectionBanner = () => (
  <div class="banners">
    <Line />
    <StorageLine />
  </div>
);

/** The gravest of what is to be told, in a place that is always there, so that it is read out. */
const Line = () => {
  const { client, route } = useApp();
  const { t } = useWords();
  const trouble = useTrouble();
  const outbox = useObservable(client.outbox);
  const { conversation_id: open } = useObservable(route);
  const unsent = outbox.filter(({ state }) => state !== 'failed');
  const waiting = unsent.length;
  // In the open conversation they stand before one's eyes.
  const elsewhere = (entry: Entry) => entry.conversation_id !== open;
  const waitingElsewhere = unsent.filter(elsewhere).length;
  const failed = outbox.filter(entry => entry.state === 'failed' && elsewhere(entry));
  const isSlow = useLasting(waitingElsewhere > 0 && trouble === undefined, sendingMs);
  const isDown = trouble !== undefined && trouble !== 'over';
  const [first] = failed;

  const banner = isDown ? (
    <Banner
      tone="warn"
      icon={trouble.text === 'connection.connecting' ? LoaderCircle : CloudOff}
      text={[t(trouble.text), ...(waiting > 0 ? [t('connection.waiting', { count: waiting })] : [])].join(' ')}
      detail={(trouble.isTrying || trouble.until !== undefined) && <Countdown until={trouble.until} />}
    >
      {(trouble.isTrying || trouble.action === 'now') && (
        <button type="button" class="banner-button" disabled={trouble.isTrying} onClick={client.reconnect}>
          {t('connection.now')}
        </button>
      )}
      {trouble.action === 'again' && (
        <button type="button" class="banner-button" onClick={client.reconnect}>
          {t('connection.again')}
        </button>
      )}
    </Banner>
  ) : first ? (
    <Banner tone="bad" icon={CircleAlert} text={t('connection.failed', { count: failed.length })}>
      <button type="button" class="banner-button" onClick={() => route.go({ conversation_id: first.conversation_id })}>
        {t('connection.look')}
      </button>
    </Banner>
  ) : trouble === 'over' ? (
    <Banner
      tone="good"
      icon={Wifi}
      text={waiting > 0 ? t('connection.backSending', { count: waiting }) : t('connection.back')}
    />
  ) : isSlow ? (
    <Banner tone="warn" icon={Hourglass} text={t('connection.sending', { count: waitingElsewhere })} />
  ) : null;

  return (
    <div class="banner-place" role="status" data-open={banner !== null}>
      <div class="banner-clip">{banner}</div>
    </div>
  );
};

/** Where the browser keeps nothing, honesty is all there is. */
const StorageLine = () => {
  const { client } = useApp();
  const { t } = useWords();
  const isForgetful = useObservable(client.storage) === 'memory';
  const [isDismissed, setDismissed] = useState(false);
  if (!isForgetful || isDismissed) return null;
  return (
    <div role="status">
      <Banner tone="warn" icon={CircleAlert} text={t('connection.memory')}>
        <button
          type="button"
          class="banner-close"
          aria-label={t('app.close')}
          title={t('app.close')}
          onClick={() => setDismissed(true)}
        >
          <Icon of={X} />
        </button>
      </Banner>
    </div>
  );
};

const Banner = ({
  tone,
  icon,
  text,
  detail,
  children,
}: {
  tone: 'warn' | 'bad' | 'good';
  icon: IconNode;
  text: string;
  detail?: ComponentChildren;
  children?: ComponentChildren;
}) => (
  <div class={`banner ${tone}`}>
    <Icon of={icon} class={icon === LoaderCircle ? 'banner-turning' : ''} />
    <div class="banner-words">
      <p>{text}</p>
      {detail}
    </div>
    {children}
  </div>
);
