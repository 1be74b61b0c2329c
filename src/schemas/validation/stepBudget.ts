import { validationStepsMax } from './limits.js';

/** Thrown where a validation would take more steps than it may. */
export class StepsSpentError extends Error {}

/** Steps that are left to several validations, one after the other. */
export interface StepAllowance {
  left: number;
}

/** Steps that are left to the validation under way; validations do not overlap: each is one call. */
export const budget = { left: validationStepsMax };

export function spend(steps: number): void {
  budget.left -= steps;
  if (budget.left < 0) throw new StepsSpentError('the validation takes too many steps');
}

/** Spends what the evaluation of a subschema costs for a value. */
export function spendOn(
  value: unknown,
  fixed: number,
  perCharacter: number,
  perName: number,
): void {
  let steps = fixed;
  if (perCharacter > 0 && typeof value === 'string') steps += perCharacter * value.length;
  if (perName > 0 && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    let names = 0;
    // Names alone, without an array of them.
    for (const name in value) if (name !== undefined) names += 1;
    steps += perName * names;
  }
  spend(steps);
}
