import { openEvents } from '../../../local/events/openEvents.ts';
import { hostInFolder } from '../hostInFolder.ts';
import { describeEvents } from './conformance.ts';

describeEvents('the embedded EventBridge', () =>
  hostInFolder((folder) =>
    openEvents({ folder, deliver: async () => undefined, sendToQueue: () => undefined }),
  ),
);
