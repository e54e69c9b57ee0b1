interface BadgeProps {
  readonly text: string;
  readonly color: 'green' | 'blue' | 'purple' | 'red' | 'yellow' | 'grey';
  /** Something goes on. */
  readonly pulsing?: boolean;
  /** Without the dot. */
  readonly plain?: boolean;
}

export const Badge = ({ text, color, pulsing = false, plain = false }: BadgeProps) => (
  <span className={`badge ${color}${pulsing ? ' pulsing' : ''}${plain ? ' plain' : ''}`}>
    {text}
  </span>
);
