import { useState } from 'react';
import { Panel } from '../../../ui/Page.tsx';
import { ScheduleBuilder } from '../../add/ScheduleBuilder.tsx';
import { SaveRow } from './SaveRow.tsx';
import { type PartProps, useSave } from './useSave.ts';

/** When the source runs by itself. */
export function SchedulePart(props: PartProps) {
  const { source } = props;
  const { busy, error, save } = useSave(props);
  const [schedule, setSchedule] = useState(source.schedule);
  return (
    <Panel title="Schedule">
      <div className="stack">
        <ScheduleBuilder value={schedule} onChange={setSchedule} />
        <SaveRow
          busy={busy}
          error={error}
          label="Save schedule"
          onSave={() => void save({ schedule })}
        />
      </div>
    </Panel>
  );
}
