import { eventNames, type LogEvent } from '../protocol/index.ts';
import { createPacket, eventText, type Packet } from './packet.ts';
import type { LocalSocket } from './sockets.ts';

/** Writes events to sockets, encoded once for all of them; those that take batches get several as one packet. */
export const writeEvents = (to: Iterable<LocalSocket>, events: LogEvent[]): void => {
  const json = events.map(event => JSON.stringify(event));
  const packet = createPacket(events.map((event, index) => eventText(eventNames[event.kind], json[index] ?? '')));
  let batch: Packet | undefined;
  for (const local of to) {
    if (!local.live) continue;
    if (local.batch && events.length > 1) {
      batch ??= createPacket([eventText('log:batch', `[${json.join(',')}]`)]);
      local.outbox.write(batch);
    } else local.outbox.write(packet);
  }
};
