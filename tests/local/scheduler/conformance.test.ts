import { openScheduler } from '../../../local/scheduler/openScheduler.ts';
import { hostInFolder } from '../hostInFolder.ts';
import { describeScheduler } from './conformance.ts';

describeScheduler('the embedded Scheduler', () =>
  hostInFolder((folder) =>
    openScheduler({ folder, deliver: async () => undefined, sendToQueue: () => undefined }),
  ),
);
