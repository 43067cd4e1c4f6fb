import {
  authErrors,
  commonErrors,
  eventNames,
  logEvent,
  operationNames,
  operations,
  type SignalName,
  signals,
} from '../../protocol/index.ts';
import { errorSchema, jsonSchema } from './schema.ts';

/** The socket half of the contract as AsyncAPI 3.0: commands that the server receives, events that it sends. */
export const asyncApi = (): Record<string, unknown> => {
  const commands = operationNames.filter(name => operations[name].socket);
  const events = [...new Set<string>(Object.values(eventNames))];
  const namespaceOf = (name: SignalName) => {
    const signal = signals[name];
    return 'namespace' in signal ? signal.namespace : '/';
  };
  const messages = {
    ...Object.fromEntries(
      commands.map(name => [
        name,
        { name, summary: operations[name].summary, payload: jsonSchema(operations[name].input) },
      ]),
    ),
    ...Object.fromEntries(commands.map(name => [`${name}.ack`, { payload: acknowledgement(name) }])),
    ...Object.fromEntries(
      events.map(name => [
        name,
        { name, summary: `One log event: ${kindsOf(name)}`, payload: { $ref: '#/components/schemas/LogEvent' } },
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(signals).map(([name, { summary, payload }]) => [
        name,
        { name, summary, payload: jsonSchema(payload) },
      ]),
    ),
  };
  const names = Object.keys(messages);
  const isNotification = (name: string) => name in signals && namespaceOf(name as SignalName) === '/notifications';
  const channel = (address: string, held: string[]) => ({
    address,
    messages: Object.fromEntries(held.map(name => [name, { $ref: `#/components/messages/${name}` }])),
  });
  const inChannel = (name: string) => (isNotification(name) ? 'notifications' : 'main');
  const ref = (name: string) => ({ $ref: `#/channels/${inChannel(name)}/messages/${name}` });
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Parley',
      version: '1',
      description:
        'Socket.IO 4. Handshake `auth: {token}`. A command is `emit(name, input, acknowledgement)`; it is answered {ok: true, data} or {ok: false, error}.',
    },
    channels: {
      main: channel(
        '/',
        names.filter(name => !isNotification(name)),
      ),
      notifications: channel('/notifications', names.filter(isNotification)),
    },
    operations: Object.fromEntries([
      ...commands.map(name => [
        `receive ${name}`,
        {
          action: 'receive',
          channel: { $ref: '#/channels/main' },
          messages: [ref(name)],
          reply: { channel: { $ref: '#/channels/main' }, messages: [ref(`${name}.ack`)] },
        },
      ]),
      ...[...events, ...Object.keys(signals)].map(name => [
        `send ${name}`,
        { action: 'send', channel: { $ref: `#/channels/${inChannel(name)}` }, messages: [ref(name)] },
      ]),
    ]),
    components: { messages, schemas: { LogEvent: jsonSchema(logEvent) } },
  };
};

const kindsOf = (event: string) =>
  Object.entries(eventNames)
    .filter(([, name]) => name === event)
    .map(([kind]) => kind)
    .join(', ');

const acknowledgement = (name: keyof typeof operations) => {
  const { output, errors, auth } = operations[name];
  const codes = [...new Set([...errors, ...(auth === 'none' ? [] : authErrors), ...commonErrors])];
  return {
    oneOf: [
      { type: 'object', required: ['ok', 'data'], properties: { ok: { const: true }, data: jsonSchema(output) } },
      {
        type: 'object',
        required: ['ok', 'error'],
        properties: {
          ok: { const: false },
          error: { ...errorSchema, properties: { ...errorSchema.properties, code: { enum: codes } } },
        },
      },
    ],
  };
};
