import type { Containment } from './containment.js';
import { openChoice } from './containment.js';
import type { SchemaNode } from './schema/document.js';
import { fractionBit, typeBits } from './schema/jsonTypes.js';
import { countOf, integerRange, itemsAt, isNamePossible, propertyOf } from './parts.js';
import type { Shape } from './shape.js';

/** Choices that are looked at within each other. */
const choicesMax = 2;

/** Tells of schemas whether it is certain that nothing is valid under all of them. */
export class Emptiness {
  private readonly known = new Map<string, boolean>();
  private readonly open = new Set<string>();
  private choices = 0;

  constructor(private readonly containment: Containment) {}

  isEmpty(given: readonly SchemaNode[]): boolean {
    const shape = this.containment.shapeOf(given);
    if (shape.isNever) return true;
    const key = [...shape.ids].sort((a, b) => a - b).join(',');
    const known = this.known.get(key);
    if (known !== undefined) return known;
    // Being asked again says nothing: it counts as not empty.
    if (this.open.has(key) || this.open.size > 100 || !this.containment.spend(1)) return false;
    this.open.add(key);
    const { answer, leaned } = this.containment.tracking(() => this.decide(given, shape), Infinity);
    this.open.delete(key);
    if (leaned === Infinity && (answer || this.choices === 0)) this.known.set(key, answer);
    return answer;
  }

  /** Whether nothing is valid under both. */
  areApart(given: readonly SchemaNode[], other: SchemaNode): boolean {
    return this.isEmpty([...given, other]);
  }

  private decide(given: readonly SchemaNode[], shape: Shape): boolean {
    if (this.possibleTypes(shape) === 0) return true;
    const { evaluation } = this.containment;
    if (shape.members?.every((one) => evaluation.isValidUnderAll(shape.nodes, one) === false)) {
      return true;
    }
    if (shape.exclusions.some((node) => this.containment.isContained(given, node))) return true;
    return this.hasNoChoice(given, shape);
  }

  private hasNoChoice(given: readonly SchemaNode[], shape: Shape): boolean {
    const choice = openChoice(shape);
    if (choice === undefined || this.choices >= choicesMax) return false;
    this.choices += 1;
    const isEmpty = choice.every((branch) => this.isEmpty([...given, ...branch]));
    this.choices -= 1;
    return isEmpty;
  }

  private possibleTypes(shape: Shape): number {
    let types = shape.types;
    const { least, most } = integerRange(shape);
    if (least > most) types &= ~typeBits.integer;
    if (!hasFractions(shape)) types &= ~fractionBit;
    if (countOf(shape, 'minLength') > countOf(shape, 'maxLength')) types &= ~typeBits.string;
    if ((types & typeBits.array) !== 0 && this.hasNoArray(shape)) types &= ~typeBits.array;
    if ((types & typeBits.object) !== 0 && this.hasNoObject(shape)) types &= ~typeBits.object;
    return types;
  }

  private hasNoArray(shape: Shape): boolean {
    const least = countOf(shape, 'minItems');
    if (least > countOf(shape, 'maxItems')) return true;
    const longest = Math.max(0, ...shape.arrays.map(({ prefix }) => prefix.length));
    for (let at = 0; at < Math.min(least, longest + 1); at += 1) {
      if (this.containment.within(() => this.isEmpty(itemsAt(shape, at)))) return true;
    }
    return false;
  }

  private hasNoObject(shape: Shape): boolean {
    const { required } = shape;
    const least = Math.max(required.size, countOf(shape, 'minProperties'));
    if (least > countOf(shape, 'maxProperties')) return true;
    return [...required].some(
      (name) =>
        !isNamePossible(this.containment, shape, name) ||
        this.containment.within(() => this.isEmpty(propertyOf(this.containment, shape, name))),
    );
  }
}

function hasFractions({ lower, upper }: Shape): boolean {
  if (lower === undefined || upper === undefined) return true;
  // With both bounds equal there is one value, and it may have a fraction.
  if (lower.value === upper.value) {
    return !lower.isExclusive && !upper.isExclusive && !Number.isInteger(lower.value);
  }
  return lower.value < upper.value;
}
