/**
 * Runs inside a sandbox: loads the handler, answers one invocation at a time, reports what went wrong the
 * way Lambda's Node.js runtime does. Plain JavaScript, because Node's type stripping would add 25 ms and
 * 18 MB to every cold start.
 *
 * @typedef {{ codeFolder: string, handler: string }} Code
 * @typedef {{ kind: 'invoke', requestId: string, payload: string, deadline: number, context: object }} Invoke
 * @typedef {{ errorType: string, errorMessage: string, trace: string[] }} ReportedError
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Lambda's limit of a synchronous answer. */
const maxResponseBytes = 6_291_556;

/**
 * @param {{ send: (message: object) => void, receive: (listener: (message: Invoke) => void) => void }} channel
 * @param {Code} code
 */
export async function serveInvocations(channel, code) {
  /** @type {string | null} */
  let current = null;
  const die = (error) => {
    channel.send({ kind: 'failure', requestId: current, error, fatal: true });
    // The message leaves before the exit: both transports hand it over synchronously.
    process.exit(1);
  };
  process.on('uncaughtException', (error) => die(report(error)));
  process.on('unhandledRejection', (reason) =>
    die({
      errorType: 'Runtime.UnhandledPromiseRejection',
      errorMessage: reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason),
      trace: report(reason).trace,
    }),
  );
  for (const stream of /** @type {const} */ (['stdout', 'stderr']))
    process[stream].write = (chunk, encoding, done) => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      channel.send({ kind: 'log', stream, text });
      const finished = typeof encoding === 'function' ? encoding : done;
      if (finished) process.nextTick(finished);
      return true;
    };

  const started = performance.now();
  let handler;
  try {
    handler = await loadHandler(code);
  } catch (error) {
    channel.send({ kind: 'initFailure', error: report(error) });
    return;
  }
  channel.receive(async (message) => {
    current = message.requestId;
    const answer = await answerOne(handler, message);
    current = null;
    channel.send({
      ...answer,
      requestId: message.requestId,
      peakBytes: process.resourceUsage().maxRSS * 1024,
    });
  });
  channel.send({ kind: 'ready', initMilliseconds: performance.now() - started });
}

/** @param {Code} code */
async function loadHandler({ codeFolder, handler }) {
  const dot = handler.lastIndexOf('.');
  const [file, name] = [handler.slice(0, dot), handler.slice(dot + 1)];
  const path = ['.mjs', '.js', '.cjs']
    .map((extension) => join(codeFolder, file + extension))
    .find(existsSync);
  if (path === undefined)
    throw runtimeError('Runtime.ImportModuleError', `Error: Cannot find module '${file}'`);
  const module = await import(pathToFileURL(path).href).catch((error) => {
    if (error?.code === 'ERR_MODULE_NOT_FOUND' || error?.code === 'MODULE_NOT_FOUND')
      throw runtimeError('Runtime.ImportModuleError', `Error: ${error.message}`);
    if (error instanceof SyntaxError)
      throw runtimeError('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`);
    throw error;
  });
  const found = module[name] ?? module.default?.[name];
  if (typeof found !== 'function')
    throw runtimeError('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  return found;
}

/** @param {Invoke} message */
async function answerOne(handler, { payload, deadline, context }) {
  try {
    const result = await handler(JSON.parse(payload), {
      ...context,
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    });
    const text = serialize(result);
    const bytes = Buffer.byteLength(text);
    if (bytes > maxResponseBytes)
      throw runtimeError(
        'Function.ResponseSizeTooLarge',
        `Response payload size exceeded maximum allowed payload size (${maxResponseBytes} bytes).`,
      );
    return { kind: 'result', payload: text };
  } catch (error) {
    return { kind: 'failure', error: report(error), fatal: false };
  }
}

function serialize(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch (cause) {
    throw new Error('Unable to stringify response body', { cause });
  }
}

function runtimeError(name, message) {
  const error = new Error(message);
  error.name = name;
  error.stack = '';
  return error;
}

/** @returns {ReportedError} */
function report(error) {
  if (!(error instanceof Error) && !(error?.name && error?.message))
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return {
    errorType: error.name,
    errorMessage: error.message,
    trace: error.stack ? error.stack.split('\n') : [],
  };
}
