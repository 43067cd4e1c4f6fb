import { redact } from '../redact.ts';

/** As the agent encodes an event, before it is sent. */
type Payload = Record<string, unknown>;

/**
 * What may leave, whatever the agent's own variables (`ELASTIC_APM_…`) make it collect: names, ids, durations, codes, labels and
 * stacks. Never headers, bodies, statements or arguments.
 */
export const transactionFilter = (transaction: Payload): Payload => only(transaction, ['user', 'tags']);

export const spanFilter = (span: Payload): Payload => only(span, ['service', 'destination', 'tags']);

/** The text of an exception may quote what a caller sent: it is treated as in the log. */
export const errorFilter = (error: Payload): Payload => {
  const { exception } = error;
  if (isRecord(exception)) {
    exception['message'] = reasonOf(exception['message']);
    delete exception['attributes'];
  }
  return only(error, ['user', 'tags']);
};

/** Arguments of the command line can be secrets. */
export const metadataFilter = (metadata: Payload): Payload => {
  if (isRecord(metadata['process'])) delete metadata['process']['argv'];
  return metadata;
};

/** Keeps these parts of an event's context. */
const only = (event: Payload, parts: readonly string[]): Payload => {
  const { context } = event;
  if (isRecord(context)) for (const part of Object.keys(context)) if (!parts.includes(part)) delete context[part];
  return event;
};

const reasonOf = (message: unknown): string => {
  const told = redact(new Error(String(message)));
  return isRecord(told) ? String(told['reason']) : '';
};

const isRecord = (value: unknown): value is Payload => typeof value === 'object' && value !== null;
