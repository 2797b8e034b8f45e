import type { Recommendation } from '../../api/types';
import './ScoreRings.css';

interface ScoreRingsProps {
  /** The whole score, 0 to 100. */
  score: number;
  scores: Recommendation['scores'];
}

const RINGS = [
  { key: 'cost', label: 'Cost', radius: 54 },
  { key: 'renewables', label: 'Renewables', radius: 44 },
  { key: 'flexibility', label: 'Flexibility', radius: 34 },
  { key: 'supplier', label: 'Supplier', radius: 24 },
] as const;

/** Scores out of 100 as growth rings, with a legend that says the same in words. */
export function ScoreRings({ score, scores }: ScoreRingsProps) {
  return (
    <div className="score">
      <svg className="score__rings" viewBox="0 0 128 128" aria-hidden="true" focusable="false">
        {RINGS.map(({ key, radius }) => (
          <g key={key} className={`score__ring score__ring--${key}`}>
            <circle cx="64" cy="64" r={radius} className="score__track" />
            <circle
              cx="64"
              cy="64"
              r={radius}
              pathLength="100"
              strokeDasharray={`${scores[key]} 100`}
              transform="rotate(-90 64 64)"
            />
          </g>
        ))}
        <text x="64" y="70" textAnchor="middle">
          {Math.round(score)}
        </text>
      </svg>
      <dl className="score__legend">
        <div className="visually-hidden">
          <dt>Overall score</dt>
          <dd>{Math.round(score)} of 100</dd>
        </div>
        {RINGS.map(({ key, label }) => (
          <div key={key} className={`score__key score__key--${key}`}>
            <dt>{label}</dt>
            <dd>{Math.round(scores[key])}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
