import type { FileItem } from './fileItem.ts';
import type { LandingPlace } from './landingKey.ts';

/** What S3 says of an object that was dropped. */
export interface DroppedObject {
  readonly key: string;
  readonly versionId: string;
  readonly bytes: number;
  readonly etag: string;
  readonly modifiedAt: string;
  readonly sequencer?: string | undefined;
}

/** A dropped object as a file of its source. */
export const droppedFile = (
  place: LandingPlace,
  { sequencer, ...object }: DroppedObject,
): FileItem => ({
  v: 1,
  ...place,
  ...object,
  ...(sequencer === undefined ? {} : { sequencer }),
  // An object that is written over is a file that was replaced.
  replaces: true,
  state: 'pending',
});
