import { useDeferredValue, useId, useState } from 'react';
import { useQuery } from '../../data/useQuery.ts';
import { describeError } from '../../text/describeError.ts';
import { Field, Select } from '../../ui/Field.tsx';
import { At } from '../../ui/Time.tsx';

export interface Schedule {
  readonly cron: string;
  readonly timezone: string;
}

const presets = [
  { value: 'none', label: 'Not scheduled' },
  { value: 'minutes', label: 'Every few minutes' },
  { value: 'hours', label: 'Every few hours' },
  { value: 'daily', label: 'Every day' },
  { value: 'weekdays', label: 'Monday to Friday' },
  { value: 'weekly', label: 'Every week' },
  { value: 'monthly', label: 'Every month' },
  { value: 'cron', label: 'Cron expression' },
] as const;
type Preset = (typeof presets)[number]['value'];

const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;
const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

interface Parts {
  readonly preset: Preset;
  readonly every: string;
  /** `HH:MM` */
  readonly time: string;
  readonly day: string;
  readonly cron: string;
}

/** What the controls show for a cron expression; one that no preset makes is shown as itself. */
export function partsOf(schedule: Schedule | null): Parts {
  const parts: Parts = { preset: 'none', every: '1', time: '02:00', day: '1', cron: '0 2 * * *' };
  if (schedule === null) return parts;
  const cron = schedule.cron.trim();
  const [minute = '', hour = '', date, month, weekday, more] = cron.split(/\s+/);
  const time = `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;
  const isDaily = /^\d{1,2}$/.test(minute) && /^\d{1,2}$/.test(hour) && month === '*';
  const base = { ...parts, cron };
  const minutes = /^\*\/(\d+)$/.exec(minute)?.[1];
  const hours = /^\*\/(\d+)$/.exec(hour)?.[1];
  if (more !== undefined) return { ...base, preset: 'cron' };
  if (minutes !== undefined && [hour, date, month, weekday].every((part) => part === '*'))
    return { ...base, preset: 'minutes', every: minutes };
  if (minute === '0' && (hours !== undefined || hour === '*') && date === '*' && weekday === '*')
    return { ...base, preset: 'hours', every: hours ?? '1' };
  if (isDaily && date === '*' && weekday === '*') return { ...base, preset: 'daily', time };
  if (isDaily && date === '*' && weekday === 'MON-FRI')
    return { ...base, preset: 'weekdays', time };
  const day = days.indexOf((weekday ?? '') as (typeof days)[number]);
  if (isDaily && date === '*' && day >= 0)
    return { ...base, preset: 'weekly', time, day: String(day) };
  if (isDaily && /^\d+$/.test(date ?? '') && weekday === '*')
    return { ...base, preset: 'monthly', time, day: date ?? '1' };
  return { ...base, preset: 'cron' };
}

/** The cron expression of what the controls show; null is no schedule. */
export function cronOf({ preset, every, time, day, cron }: Parts): string | null {
  const [hour = '0', minute = '0'] = time.split(':');
  const at = `${Number(minute)} ${Number(hour)}`;
  switch (preset) {
    case 'none':
      return null;
    case 'minutes':
      return `*/${every} * * * *`;
    case 'hours':
      return every === '1' ? '0 * * * *' : `0 */${every} * * *`;
    case 'daily':
      return `${at} * * *`;
    case 'weekdays':
      return `${at} * * MON-FRI`;
    case 'weekly':
      return `${at} * * ${days[Number(day)] ?? 'MON'}`;
    case 'monthly':
      return `${at} ${day} * *`;
    case 'cron':
      return cron;
  }
}

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
          <Field label="At" required>
            {(ids) => (
              <input
                {...ids}
                className="input"
                type="time"
                required
                value={parts.time}
                onChange={(event) => update({ time: event.target.value || '00:00' })}
              />
            )}
          </Field>
        )}
        {preset === 'cron' && (
          <Field label="Cron expression" required>
            {(ids) => (
              <input
                {...ids}
                className="input mono"
                spellCheck={false}
                value={parts.cron}
                onChange={(event) => update({ cron: event.target.value })}
              />
            )}
          </Field>
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

const firstOf = (preset: Preset): Partial<Parts> =>
  preset === 'minutes'
    ? { every: '15' }
    : preset === 'hours'
      ? { every: '1' }
      : preset === 'weekly' || preset === 'monthly'
        ? { day: '1' }
        : {};

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
