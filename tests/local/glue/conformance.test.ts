import { openGlue } from '../../../local/glue/openGlue.ts';
import { hostInFolder } from '../hostInFolder.ts';
import { describeGlue } from './conformance.ts';

describeGlue('the embedded Glue', () => hostInFolder((folder) => openGlue({ folder })));
