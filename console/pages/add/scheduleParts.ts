/** As the API has it. */
export interface Schedule {
  readonly cron: string;
  readonly timezone: string;
}

/** What a schedule usually is. */
export const presets = [
  { value: 'none', label: 'Not scheduled' },
  { value: 'minutes', label: 'Every few minutes' },
  { value: 'hours', label: 'Every few hours' },
  { value: 'daily', label: 'Every day' },
  { value: 'weekdays', label: 'Monday to Friday' },
  { value: 'weekly', label: 'Every week' },
  { value: 'monthly', label: 'Every month' },
  { value: 'cron', label: 'Cron expression' },
] as const;
export type Preset = (typeof presets)[number]['value'];

const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;
/** From Sunday on. */
export const dayNames = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
];

/** What the controls of a schedule hold. */
export interface Parts {
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

/** What a control holds when its preset was just chosen. */
export const firstOf = (preset: Preset): Partial<Parts> =>
  preset === 'minutes'
    ? { every: '15' }
    : preset === 'hours'
      ? { every: '1' }
      : preset === 'weekly' || preset === 'monthly'
        ? { day: '1' }
        : {};
