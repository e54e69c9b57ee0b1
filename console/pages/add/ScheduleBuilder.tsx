import { useDeferredValue, useId, useState } from 'react';
import { useQuery } from '../../data/useQuery.ts';
import { describeError } from '../../text/describeError.ts';
import { Field, Select } from '../../ui/Field.tsx';
import { TextField } from '../../ui/TextField.tsx';
import { At } from '../../ui/Time.tsx';
import {
  cronOf,
  dayNames,
  firstOf,
  type Parts,
  partsOf,
  presets,
  type Schedule,
} from './scheduleParts.ts';

const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const zones: readonly string[] = Intl.supportedValuesOf('timeZone');
const choices = (values: readonly (string | number)[]) =>
  values.map((value) => ({ value: String(value), label: String(value) }));

interface ScheduleBuilderProps {
  readonly value: Schedule | null;
  readonly onChange: (value: Schedule | null) => void;
}

/** Builds a schedule from the usual ones or a cron expression, and shows when it would fire. */
export function ScheduleBuilder({ value, onChange }: ScheduleBuilderProps) {
  const [parts, setParts] = useState(() => partsOf(value));
  const [timezone, setTimezone] = useState(value?.timezone ?? localZone);
  const zoneList = useId();
  const update = (change: Partial<Parts>, zone = timezone): void => {
    const next = { ...parts, ...change };
    setParts(next);
    setTimezone(zone);
    const cron = cronOf(next);
    onChange(cron === null ? null : { cron, timezone: zone });
  };
  const { preset } = parts;
  const hasTime = ['daily', 'weekdays', 'weekly', 'monthly'].includes(preset);
  return (
    <div className="stack">
      <div className="field-row">
        <Field label="How often" required>
          {(ids) => (
            <Select
              {...ids}
              value={preset}
              options={presets}
              onChange={(next) => update({ preset: next, ...firstOf(next) })}
            />
          )}
        </Field>
        {(preset === 'minutes' || preset === 'hours') && (
          <Field label={preset === 'minutes' ? 'Minutes between' : 'Hours between'} required>
            {(ids) => (
              <Select
                {...ids}
                value={parts.every}
                options={choices(
                  preset === 'minutes' ? [5, 10, 15, 20, 30] : [1, 2, 3, 4, 6, 8, 12],
                )}
                onChange={(every) => update({ every })}
              />
            )}
          </Field>
        )}
        {preset === 'weekly' && (
          <Field label="On" required>
            {(ids) => (
              <Select
                {...ids}
                value={parts.day}
                options={dayNames.map((label, index) => ({ value: String(index), label }))}
                onChange={(day) => update({ day })}
              />
            )}
          </Field>
        )}
        {preset === 'monthly' && (
          <Field label="On day" required>
            {(ids) => (
              <Select
                {...ids}
                value={parts.day}
                options={choices(Array.from({ length: 28 }, (_, index) => index + 1))}
                onChange={(day) => update({ day })}
              />
            )}
          </Field>
        )}
        {hasTime && (
          <TextField
            label="At"
            required
            type="time"
            value={parts.time}
            onChange={(text) => update({ time: text || '00:00' })}
          />
        )}
        {preset === 'cron' && (
          <TextField
            label="Cron expression"
            required
            mono
            spellCheck={false}
            value={parts.cron}
            onChange={(text) => update({ cron: text })}
          />
        )}
        {preset !== 'none' && (
          <Field label="Time zone" required>
            {(ids) => (
              <>
                <input
                  {...ids}
                  className="input"
                  list={zoneList}
                  value={timezone}
                  onChange={(event) => update({}, event.target.value)}
                />
                <datalist id={zoneList}>
                  {zones.map((zone) => (
                    <option key={zone} value={zone} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
        )}
      </div>
      {value !== null && <NextTimes schedule={value} />}
    </div>
  );
}

/** When a schedule fires next, in words and as times. */
export function NextTimes({ schedule }: { readonly schedule: Schedule }) {
  const { cron, timezone } = useDeferredValue(schedule);
  const { data, error } = useQuery(`schedule ${cron} ${timezone}`, (client, signal) =>
    client.previewSchedule({ query: { cron, timezone }, signal }),
  );
  if (error !== undefined)
    return (
      <p className="field-error" role="alert">
        {describeError(error)}
      </p>
    );
  return (
    <div className="next-times" aria-live="polite">
      <strong>{data?.scheduleText ?? ' '}</strong>
      <p className="soft">The next five times, in your time zone ({localZone}):</p>
      <ol>
        {data?.nextRunTimes.map((at) => (
          <li key={at}>
            <At at={at} />
          </li>
        ))}
      </ol>
    </div>
  );
}
