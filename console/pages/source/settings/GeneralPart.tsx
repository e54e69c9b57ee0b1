import { useState } from 'react';
import { Panel } from '../../../ui/Page.tsx';
import { TextField } from '../../../ui/TextField.tsx';
import { SaveRow } from './SaveRow.tsx';
import { type PartProps, useSave } from './useSave.ts';

/** What a source is called, and how fresh it should be. */
export function GeneralPart(props: PartProps) {
  const { source } = props;
  const { busy, error, errors, save } = useSave(props);
  const [name, setName] = useState(source.name);
  const [description, setDescription] = useState(source.description);
  const [tags, setTags] = useState(source.tags.join(', '));
  const target = source.freshness.targetSeconds;
  const [hours, setHours] = useState(target === null ? '' : String(target / 3600));
  return (
    <Panel title="General">
      <div className="stack">
        <TextField label="Name" required error={errors['/name']} value={name} onChange={setName} />
        <TextField
          label="Description"
          error={errors['/description']}
          value={description}
          onChange={setDescription}
        />
        <TextField
          label="Tags"
          hint="With commas between."
          error={errors['/tags']}
          value={tags}
          onChange={setTags}
        />
        <TextField
          label="Freshness target in hours"
          hint="When its data is older than this, it counts as stale."
          error={errors['/freshnessTargetSeconds']}
          type="number"
          min={0}
          step="any"
          value={hours}
          onChange={setHours}
        />
        <SaveRow
          busy={busy}
          error={error}
          onSave={() =>
            void save({
              name: name.trim(),
              description,
              tags: tags.split(',').flatMap((tag) => (tag.trim() === '' ? [] : [tag.trim()])),
              freshnessTargetSeconds: hours === '' ? null : Math.round(Number(hours) * 3600),
            })
          }
        />
      </div>
    </Panel>
  );
}
