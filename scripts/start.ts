import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/** `npm start`: an empty Headgate on this machine, until ctrl-c. */
// Before anything else is loaded: halves the time that loading takes from the second start on.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/headgate/compiled'));
const [{ startHeadgate }, { homeSettings }] = await Promise.all([
  import('../local/start.ts'),
  import('./homeSettings.ts'),
]);
try {
  const headgate = await startHeadgate(homeSettings(process.env));
  await headgate.stopped;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
