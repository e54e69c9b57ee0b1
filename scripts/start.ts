import { startHeadgate } from '../local/start.ts';
import { homeSettings } from './homeSettings.ts';

/** `npm start`: an empty Headgate on this machine, until ctrl-c. */
try {
  const headgate = await startHeadgate(homeSettings(process.env));
  await headgate.stopped;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
