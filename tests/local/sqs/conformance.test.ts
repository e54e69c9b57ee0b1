import { openSqs } from '../../../local/sqs/openSqs.ts';
import { hostInFolder } from '../hostInFolder.ts';
import { describeSqs } from './conformance.ts';

describeSqs('the embedded SQS', () => hostInFolder((folder) => openSqs({ folder })));
