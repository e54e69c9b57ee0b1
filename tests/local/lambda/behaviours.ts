/** A bundle whose event says how to behave. */
export const behaviours = `
let count = 0;
export const handler = async (event, context) => {
  count++;
  switch (event.do) {
    case 'echo': return event.value;
    case 'nothing': return undefined;
    case 'count': return count;
    case 'pid': return process.pid;
    case 'environment': return process.env;
    case 'context': return { ...context, remaining: context.getRemainingTimeInMillis() };
    case 'throw': { const error = new Error('no such customer'); error.name = 'PermanentError'; throw error; }
    case 'throw text': throw 'just text';
    case 'exit': console.log('last words'); process.exit(event.code);
    case 'reject elsewhere': Promise.reject(new Error('nobody awaited me')); return new Promise(() => {});
    case 'throw elsewhere': setTimeout(() => { throw new RangeError('late'); }, 1); return new Promise(() => {});
    case 'loop': console.log('looping'); for (;;) {}
    case 'sleep': await new Promise((resolve) => setTimeout(resolve, event.milliseconds)); return 'slept';
    case 'heap': { const kept = []; for (;;) kept.push(new Array(100_000).fill(Math.random())); }
    case 'native memory': { const kept = []; for (;;) { kept.push(Buffer.alloc(32 * 1024 * 1024, 1)); await new Promise((resolve) => setTimeout(resolve, 5)); } }
    case 'bytes': return 'x'.repeat(event.bytes);
    case 'circular': { const a = {}; a.a = a; return a; }
    case 'print': console.log('to stdout', event.value); console.error('to stderr'); process.stdout.write('no line end'); return 1;
    case 'log': for (const line of event.lines) console.log(JSON.stringify(line)); return null;
    case 'temporary': { const { tmpdir } = await import('node:os'); return tmpdir(); }
  }
};`;
