import { openSecrets } from '../../../local/secrets/openSecrets.ts';
import { hostInFolder } from '../hostInFolder.ts';
import { describeSecrets } from './conformance.ts';

describeSecrets('the embedded Secrets Manager', () =>
  hostInFolder((folder) => openSecrets({ folder })),
);
