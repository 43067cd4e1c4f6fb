import { z } from 'zod';
import {
  ban,
  commonErrors,
  conversation,
  disconnectCatalogue,
  errorCatalogue,
  eventNames,
  limits,
  logEvent,
  member,
  message,
  notification,
  type Operation,
  operationNames,
  operations,
  presence,
  profile,
  reaction,
  receipt,
  replyPreview,
  room,
  session,
  signals,
  user,
} from '../src/protocol/index.ts';

/** What of a JSON schema the tables show. */
interface Schema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  format?: string;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
}

const code = (text: string) => `\`${text}\``;

/** A table; a cell's own bars are escaped. */
const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows]
    .map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

const schemaOf = (type: z.ZodType, io: 'input' | 'output'): Schema =>
  z.toJSONSchema(type, { io, reused: 'inline', unrepresentable: 'any' }) as Schema;

/** `{name: type, other?: type}`; what is nested deeper than `depth` is named by what it is only. */
const shape = (schema: Schema, depth: number): string => {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map(choice => shape(choice, depth)))].join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map(value => JSON.stringify(value)).join(' | ');
  if (schema.type === 'array') return listOf(shape(schema.items ?? {}, depth));
  if (schema.properties) return depth === 0 ? (named(schema) ?? 'object') : fields(schema, depth);
  if (typeof schema.additionalProperties === 'object') return `{[id]: ${shape(schema.additionalProperties, depth)}}`;
  if (schema.format === 'date-time') return 'date';
  return [schema.type ?? 'any'].flat().join(' | ');
};

const listOf = (item: string) => (item.includes(' | ') ? `(${item})[]` : `${item}[]`);

const fields = (schema: Schema, depth: number) =>
  `{${Object.entries(schema.properties ?? {})
    .map(([name, type]) => `${name}${schema.required?.includes(name) ? '' : '?'}: ${shape(type, depth - 1)}`)
    .join(', ')}}`;

const inputOf = ({ input }: Operation) => code(shape(schemaOf(input, 'input'), 3));

/** What answers and events are made of, in the order of the page. A field whose shape is one of these is called by its name. */
const entities: Record<string, z.ZodObject> = {
  user,
  profile,
  session,
  conversation,
  member,
  ban,
  room,
  message,
  reaction,
  reply_preview: replyPreview,
  receipt,
  presence,
  notification,
};

const fieldNames = (schema: Schema) =>
  Object.keys(schema.properties ?? {}).map(name => `${name}${schema.required?.includes(name) ? '' : '?'}`);

const entityFields = Object.entries(entities).map(([name, type]) => ({
  name,
  fields: fieldNames(schemaOf(type, 'output')),
}));

/** `message & {duplicate?}` for a shape that holds all fields of an entity; the entity with most fields wins. */
const named = (schema: Schema): string | undefined => {
  const own = fieldNames(schema);
  const [best] = entityFields
    .filter(entity => entity.fields.every(field => own.includes(field)))
    .sort((one, other) => other.fields.length - one.fields.length);
  if (!best) return undefined;
  const more = own.filter(field => !best.fields.includes(field));
  return more.length > 0 ? `${best.name} & {${more.join(', ')}}` : best.name;
};

/** An answer: entities by their names, other fields by theirs. */
const outputOf = ({ output }: Operation) => {
  const schema = schemaOf(output, 'output');
  const items = Object.entries(schema.properties ?? {}).map(([name, type]) => {
    const key = `${name}${schema.required?.includes(name) ? '' : '?'}`;
    const entity = named(type.items ?? type);
    if (!entity) return key;
    const inner = entity.includes('&') ? `(${entity})` : entity;
    return `${key}: ${type.items ? `${inner}[]` : inner}`;
  });
  return code(named(schema) ?? `{${items.join(', ')}}`);
};

const routeOf = ({ rest }: Operation) => (rest ? code(`${rest.method.toUpperCase()} /api${rest.path}`) : '');

const groups = {
  accounts: /^(account|session:(?!renew)|user)/,
  conversations: /^conversation:/,
  messages: /^(message|receipt):/,
  live: /^(sync|typing|presence|session:renew|notification)/,
} as const;

const operationsOf = (pattern: RegExp) =>
  table(
    ['operation', 'socket', 'REST', 'input', 'answer', 'errors', 'budget', 'what it does'],
    operationNames
      .filter(name => pattern.test(name))
      .map(name => {
        const entry: Operation = operations[name];
        return [
          code(name),
          entry.socket ? 'yes' : '',
          routeOf(entry),
          inputOf(entry),
          outputOf(entry),
          entry.errors.map(code).join(', '),
          entry.limit,
          entry.summary,
        ];
      }),
  );

const kindsOf = (event: string) => Object.entries(eventNames).filter(([, name]) => name === event);

/** What an event of this kind carries beyond the fields of every event. */
const payloadOf = (kind: string) => {
  const option = logEvent.options.find(candidate => candidate.shape.kind.safeParse(kind).success);
  const { properties = {}, required } = schemaOf(option as z.ZodType, 'output');
  const own = Object.keys(properties).filter(name => !envelope.includes(name));
  return own.map(name => `${name}${required?.includes(name) ? '' : '?'}`).join(', ');
};

const envelope = ['id', 'conversation_id', 'epoch', 'seq', 'n', 'kind', 'from', 'date', 'client_id'];

/** Every generated table, by the name that its markers in docs/protocol.md carry. */
export const protocolTables: Record<string, () => string> = {
  errors: () =>
    table(
      ['code', 'HTTP status', 'retryable', 'meaning'],
      Object.entries(errorCatalogue).map(([name, entry]) => [
        code(name),
        String(entry.status),
        entry.retryable ? 'yes' : 'no',
        entry.meaning,
      ]),
    ),
  'common-errors': () => commonErrors.map(code).join(', '),
  entities: () =>
    table(
      ['entity', 'fields'],
      Object.entries(entities).map(([name, type]) => [code(name), code(shape(schemaOf(type, 'output'), 1))]),
    ),
  disconnects: () =>
    table(
      ['code', 'comes back by itself', 'told by', 'meaning'],
      Object.entries(disconnectCatalogue).map(([name, entry]) => [
        code(name),
        entry.reconnect ? 'yes' : 'no',
        entry.final ? 'a Socket.IO disconnect' : 'closing the connection',
        entry.meaning,
      ]),
    ),
  limits: () =>
    table(
      ['limit', 'value'],
      Object.entries(limits).map(([name, value]) => [code(name), value.toLocaleString('en')]),
    ),
  'log-events': () =>
    table(
      ['event', '`kind`', 'fields beside the common ones'],
      [...new Set(Object.values(eventNames))].flatMap(event =>
        kindsOf(event).map(([kind]) => [code(event), code(kind), payloadOf(kind) && code(payloadOf(kind))]),
      ),
    ),
  signals: () =>
    table(
      ['event', 'namespace', 'may be dropped', 'payload', 'meaning'],
      Object.entries(signals).map(([name, entry]) => [
        code(name),
        code('namespace' in entry ? entry.namespace : '/'),
        entry.volatile ? 'yes' : 'no',
        name === 'log:batch' ? 'log events' : code(shape(schemaOf(entry.payload, 'output'), 1)),
        entry.summary,
      ]),
    ),
  ...Object.fromEntries(Object.entries(groups).map(([name, pattern]) => [name, () => operationsOf(pattern)])),
};

const block = (name: string) => new RegExp(`(<!-- begin ${name} -->\\n)[\\s\\S]*?(<!-- end ${name} -->)`);

/** The text with every table written anew between its markers. Throws where a table has no place in it. */
export const renderProtocol = (text: string): string =>
  Object.entries(protocolTables).reduce((rendered, [name, write]) => {
    if (!block(name).test(rendered)) throw new Error(`docs/protocol.md has no markers for ${name}`);
    return rendered.replace(block(name), (_, begin: string, end: string) => `${begin}\n${write()}\n\n${end}`);
  }, text);
