import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { format } from 'node:util';
import agent, { type Transaction as AgentTransaction, type Span } from 'elastic-apm-node';
import type { Config } from '../../config.ts';
import { ParleyError } from '../../errors.ts';
import type { Logger } from '../logger.ts';
import type { Apm, Transaction } from './apm.ts';
import { errorFilter, metadataFilter, spanFilter, transactionFilter } from './filters.ts';
import { isFailure } from './trace-invoke.ts';

export type ApmConfig = Pick<
  Config,
  | 'elasticApmServerUrl'
  | 'elasticApmSecretToken'
  | 'elasticApmServiceName'
  | 'elasticApmEnvironment'
  | 'elasticApmSampleRate'
  | 'instanceId'
  | 'logLevel'
>;

/** Milliseconds that a stop waits for what was not sent yet. */
const flushMs = 2_000;

/** What this server loads of the modules that the agent patches, some of them even where it is told to instrument nothing. */
const loadedHere = [
  ...['http', 'https', 'http2', 'express', 'finalhandler', 'ws', 'generic-pool'],
  ...['mysql2', 'mongodb', 'mongodb/lib/cmap/connection_pool.js', 'ioredis'],
];

/** https://www.w3.org/TR/trace-context/#traceparent-header; ids of zeros mean that there is none. */
const wellFormedParent = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Starts the agent, of which a process has one. It instruments nothing by itself: what is a transaction and what a span is said
 * in this folder, once, and it knows neither the socket library nor most of the drivers in these versions.
 */
export const startAgent = async (config: ApmConfig): Promise<Apm> => {
  let logger: Logger | undefined;
  agent.start({
    serverUrl: config.elasticApmServerUrl,
    secretToken: config.elasticApmSecretToken,
    serviceName: config.elasticApmServiceName,
    serviceNodeName: config.instanceId,
    environment: config.elasticApmEnvironment,
    transactionSampleRate: config.elasticApmSampleRate,
    globalLabels: { instance: config.instanceId },
    instrument: false,
    instrumentIncomingHTTPRequests: false,
    captureBody: 'off',
    captureHeaders: false,
    // main.ts decides what becomes of an exception that nobody caught.
    captureExceptions: false,
    // What is sent, and how much of it, is decided here alone; and no other host is asked for anything.
    centralConfig: false,
    cloudProvider: 'none',
    // Both cost time for every transaction or error, and source lines say nothing that the stack does not.
    breakdownMetrics: false,
    stackTraceLimit: Error.stackTraceLimit,
    sourceLinesErrorAppFrames: 0,
    sourceLinesErrorLibraryFrames: 0,
    logger: agentLogger(reason => logger?.warn('apm_trouble', { reason })),
  });
  agent.clearPatches(loadedHere);
  agent.addTransactionFilter(transactionFilter);
  agent.addSpanFilter(spanFilter);
  agent.addErrorFilter(errorFilter);
  agent.addMetadataFilter(metadataFilter);
  // Loaded after the agent has started, like everything else.
  const { createLogger } = await import('../logger.ts');
  logger = createLogger({ level: config.logLevel, instance: config.instanceId });
  return createApm();
};

const createApm = (): Apm => {
  /** Transactions that have not ended. Timers and queues outlive the command that made them, and carry its context on. */
  const live = new WeakMap<AgentTransaction, Transaction>();
  const current = () => {
    const transaction = agent.currentTransaction;
    return transaction ? live.get(transaction) : undefined;
  };

  return {
    begin: (name, type, traceparent = '') =>
      scoped(() => {
        const childOf = wellFormedParent.test(traceparent) ? traceparent : undefined;
        const begun = agent.startTransaction(name, type, { childOf });
        const inside = new AsyncResource('ParleyTransaction');
        const transaction: Transaction = {
          ids: begun.ids,
          run: work => inside.runInAsyncScope(work),
          describe({ name: told, labels, user_id }) {
            if (!live.has(begun)) return;
            if (told !== undefined) begun.name = told;
            if (labels) begun.addLabels(labels, false);
            if (user_id !== undefined) transaction.run(() => agent.setUserContext({ id: user_id }));
          },
          end({ result, failed }) {
            if (!live.delete(begun)) return;
            begun.setOutcome(failed ? 'failure' : 'success');
            begun.end(result);
          },
        };
        live.set(begun, transaction);
        return transaction;
      }),

    span(name, { type, subtype, exit }, work) {
      if (!current()) return work();
      return scoped(() => {
        const span = agent.startSpan(name, type, subtype, { exitSpan: exit });
        return span ? until(span, work) : work();
      });
    },

    current,

    capture(event, cause) {
      if (cause instanceof Error) agent.captureError(cause, { message: event, captureAttributes: false });
      else agent.captureError(event);
    },

    async stop() {
      const late = new AbortController();
      const flushed = agent.flush().catch(() => undefined);
      await Promise.race([flushed, sleep(flushMs, undefined, { signal: late.signal }).catch(() => undefined)]);
      late.abort();
      await agent.destroy();
    },
  };
};

/** What the agent makes current within `work` is not so behind it: its API changes the context of whoever calls. */
const scoped = <T>(work: () => T): T => new AsyncResource('ParleyTraceScope').runInAsyncScope(work);

/** Runs `work` and ends the span with it. */
const until = <T>(span: Span, work: () => T): T => {
  const end = (error?: unknown) => {
    const refused = error instanceof ParleyError && !isFailure(error.code);
    span.setOutcome(error === undefined || refused ? 'success' : 'failure');
    span.end();
  };
  let result: T;
  try {
    result = work();
  } catch (error) {
    end(error);
    throw error;
  }
  if (!(result instanceof Promise)) {
    end();
    return result;
  }
  return result.then(
    value => {
      end();
      return value;
    },
    (error: unknown) => {
      end(error ?? 'rejected');
      throw error;
    },
  ) as T;
};

type Write = (first: unknown, ...rest: unknown[]) => void;

/**
 * What the agent writes to: warnings and worse become lines of our log. In the form of the logger that it uses itself (pino):
 * any other is wrapped in one that formats every debug line, several for each span, before it is thrown away.
 */
const agentLogger = (tell: (reason: string) => void) => {
  const mute: Write = () => undefined;
  const write: Write = (first, ...rest) => tell(typeof first === 'string' ? format(first, ...rest) : format(...rest));
  const logger = {
    [Symbol.for('pino.serializers')]: {},
    version: '8.0.0',
    child: () => logger,
    isLevelEnabled: () => false,
    ...{ trace: mute, debug: mute, info: mute, warn: write, error: write, fatal: write },
  };
  return logger;
};
