// @ts-check
/** @import { Chat } from '../chat.js' */
import { h } from '../dom.js';
import { counted } from '../words.js';

/** A connection that comes back within this time is not worth a word. */
const patienceMs = 700;

/**
 * What is true of the connection, whenever it is not simply there.
 *
 * @param {{ chat: Chat }} parts
 */
export const createBanner = ({ chat }) => {
  const words = h('span');
  const retry = h('button', { type: 'button', class: 'link', onclick: () => chat.retryNow() });
  const element = h('div', { class: 'banner', role: 'status', hidden: true }, words, retry);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let patient = true;

  const draw = () => {
    const state = chat.connection();
    const entries = chat.outbox.entries();
    const failed = entries.filter(({ error }) => error).length;
    const waiting = entries.length - failed;
    const waits = waiting > 0 ? `${counted(waiting, 'message waits', 'messages wait')} to be sent.` : '';
    if (state === 'online') {
      clearTimeout(timer);
      timer = undefined;
      patient = true;
      element.hidden = true;
      return;
    }
    if (patient && state !== 'stopped') {
      timer ??= setTimeout(() => {
        patient = false;
        draw();
      }, patienceMs);
      return;
    }
    const said =
      state === 'stopped'
        ? 'Parley is open in too many windows, so this one is paused.'
        : !navigator.onLine
          ? 'You are offline.'
          : state === 'connecting'
            ? 'Connecting…'
            : 'Connection lost. Reconnecting…';
    element.dataset.state = state;
    words.textContent = [said, waits].filter(Boolean).join(' ');
    retry.textContent = state === 'stopped' ? 'Go on here' : 'Try now';
    element.hidden = false;
  };

  const stop = chat.changes.on(['connection', 'outbox'], draw);
  draw();
  return {
    element,
    stop: () => {
      clearTimeout(timer);
      stop();
    },
  };
};
