/**
 * An S3 in a process of its own, to be killed or measured: `node serveS3Process.ts <folder>`. Prints its
 * endpoint, then one line of JSON for every object-created event it delivers.
 */
import { openS3 } from '../../../local/s3/openS3.ts';
import { hostServices } from '../hostServices.ts';

const [, , folder = '', listening = ''] = process.argv;
const s3 = openS3({ folder });
s3.createBucket('plain');
s3.createBucket('versioned', { versioned: true });
if (listening === 'listen')
  for (const bucket of ['plain', 'versioned'])
    s3.onObjectCreated(bucket, async (event) => {
      process.stdout.write(`${JSON.stringify(event)}\n`);
    });
// Takes events and never acknowledges them.
else
  for (const bucket of ['plain', 'versioned'])
    s3.onObjectCreated(bucket, () => new Promise(() => undefined));
const { endpoint } = await hostServices(s3);
process.stdout.write(`${endpoint}\n`);
process.on('message', (message) => {
  if (message === 'memory') process.send?.(process.resourceUsage().maxRSS);
});
