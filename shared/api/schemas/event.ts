import * as z from 'zod';
import { headgateEvent } from '../../events.ts';

export const eventPage = z
  .strictObject({
    events: z.array(headgateEvent),
    upTo: z
      .int()
      .describe(
        'The number up to which this answer tells everything: `after` of the next request.',
      ),
    head: z.int().describe('The number of the newest event.'),
    reset: z
      .boolean()
      .describe(
        'Events after `after` are no longer kept: load everything anew, and go on from `head`.',
      ),
  })
  .meta({ id: 'EventPage' });

export const liveAddress = z
  .strictObject({
    url: z.string().describe('Of the WebSocket. The token goes into the first message.'),
  })
  .meta({ id: 'LiveAddress' });
