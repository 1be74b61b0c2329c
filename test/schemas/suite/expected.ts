/** What the suite's cases come to here other than by the standard, each group with the reason. */

export type Draft = 'draft7' | 'draft2020-12';

/** Cases that were answered in all. */
export const caseCounts: Readonly<Record<Draft, number>> = {
  draft7: 1222,
  'draft2020-12': 1543,
};

interface Refusal {
  readonly reason: string;
  /** Part of the message. */
  readonly sentence: string;
  readonly groups: readonly string[];
}

interface Deviation {
  readonly reason: string;
  readonly cases: readonly string[];
}

/** Schemas that are refused. */
export const refusals: Readonly<Record<Draft, readonly Refusal[]>> = {
  draft7: [
    {
      reason:
        'references out of the document, the meta-schemas among them: nothing is fetched; and to what is no subschema',
      sentence: 'expected a subschema of this document',
      groups: [
        'definitions.json: validate definition against metaschema',
        'ref.json: remote ref, containing refs itself',
        'refRemote.json: remote ref',
        'refRemote.json: fragment within remote ref',
        'refRemote.json: ref within remote ref',
        'refRemote.json: base URI change',
        'refRemote.json: base URI change - change folder',
        'refRemote.json: base URI change - change folder in subschema',
        'refRemote.json: root ref in remote ref',
        'refRemote.json: remote ref with ref to definitions',
        'refRemote.json: Location-independent identifier in remote ref',
        'refRemote.json: retrieved nested refs resolve relative to their URI not $id',
        'optional/cross-draft.json: refs to future drafts are processed as future drafts',
      ],
    },
    {
      reason:
        'formats that nothing here checks: an unknown format is more often a mistake than a wish',
      sentence: 'expected one of int32',
      groups: [
        'format.json: idn-email format',
        'format.json: idn-hostname format',
        'format.json: iri format',
        'format.json: iri-reference format',
        'optional/format/idn-email.json: validation of an internationalized e-mail addresses',
        'optional/format/idn-hostname.json: validation of internationalized host names',
        'optional/format/iri-reference.json: validation of IRI References',
        'optional/format/iri.json: validation of IRIs',
        'optional/format/unknown.json: unknown format',
      ],
    },
    {
      reason: 'names of Unicode properties that the engine of linear time does not know',
      sentence: 'expected a pattern for an engine',
      groups: [
        'optional/ecmascript-regex.json: patterns always use unicode semantics with pattern',
        'optional/ecmascript-regex.json: pattern with non-ASCII digits',
        'optional/ecmascript-regex.json: patterns always use unicode semantics with patternProperties',
        'optional/ecmascript-regex.json: patternProperties with non-ASCII digits',
      ],
    },
  ],
  'draft2020-12': [
    {
      reason:
        'references out of the document, the meta-schemas among them: nothing is fetched; and to what is no subschema',
      sentence: 'expected a subschema of this document',
      groups: [
        'anchor.json: invalid anchors',
        'defs.json: validate definition against metaschema',
        'dynamicRef.json: strict-tree schema, guards against misspelled properties',
        'dynamicRef.json: tests for implementation dynamic anchor and reference link',
        'dynamicRef.json: $ref and $dynamicAnchor are independent of order - $defs first',
        'dynamicRef.json: $ref and $dynamicAnchor are independent of order - $ref first',
        'id.json: Invalid use of fragments in location-independent $id',
        'id.json: Valid use of empty fragments in location-independent $id',
        'id.json: Unnormalized $ids are allowed but discouraged',
        'ref.json: remote ref, containing refs itself',
        'ref.json: URN base URI with f-component',
        'refRemote.json: remote ref',
        'refRemote.json: fragment within remote ref',
        'refRemote.json: anchor within remote ref',
        'refRemote.json: ref within remote ref',
        'refRemote.json: base URI change',
        'refRemote.json: base URI change - change folder',
        'refRemote.json: base URI change - change folder in subschema',
        'refRemote.json: root ref in remote ref',
        'refRemote.json: remote ref with ref to defs',
        'refRemote.json: Location-independent identifier in remote ref',
        'refRemote.json: retrieved nested refs resolve relative to their URI not $id',
        'refRemote.json: remote HTTP ref with different $id',
        'refRemote.json: remote HTTP ref with different URN $id',
        'refRemote.json: remote HTTP ref with nested absolute ref',
        'optional/cross-draft.json: refs to historic drafts are processed as historic drafts',
        'optional/ecmascript-regex.json: \\a is not an ECMA 262 control escape',
        'optional/refOfUnknownKeyword.json: reference of a root arbitrary keyword ',
        'optional/refOfUnknownKeyword.json: reference of an arbitrary keyword of a sub-schema',
      ],
    },
    {
      reason:
        'dynamic references over several resources: what they name depends on the way to them',
      sentence: 'expected no $dynamicRef in a schema with several $id',
      groups: [
        'dynamicRef.json: A $dynamicRef resolves to the first $dynamicAnchor still in scope that is encountered when the schema is evaluated',
        'dynamicRef.json: A $dynamicRef without anchor in fragment behaves identical to $ref',
        "dynamicRef.json: A $dynamicRef with intermediate scopes that don't include a matching $dynamicAnchor does not affect dynamic scope resolution",
        'dynamicRef.json: An $anchor with the same name as a $dynamicAnchor is not used for dynamic scope resolution',
        'dynamicRef.json: A $dynamicRef without a matching $dynamicAnchor in the same schema resource behaves like a normal $ref to $anchor',
        'dynamicRef.json: A $dynamicRef with a non-matching $dynamicAnchor in the same schema resource behaves like a normal $ref to $anchor',
        'dynamicRef.json: A $dynamicRef that initially resolves to a schema with a matching $dynamicAnchor resolves to the first $dynamicAnchor in the dynamic scope',
        'dynamicRef.json: A $dynamicRef that initially resolves to a schema without a matching $dynamicAnchor behaves like a normal $ref to $anchor',
        'dynamicRef.json: multiple dynamic paths to the $dynamicRef keyword',
        'dynamicRef.json: after leaving a dynamic scope, it is not used by a $dynamicRef',
      ],
    },
    {
      reason:
        'formats that nothing here checks: an unknown format is more often a mistake than a wish',
      sentence: 'expected one of int32',
      groups: [
        'format.json: idn-email format',
        'format.json: idn-hostname format',
        'format.json: iri format',
        'format.json: iri-reference format',
        'optional/format/idn-email.json: validation of an internationalized e-mail addresses',
        'optional/format/idn-hostname.json: validation of internationalized host names',
        'optional/format/iri-reference.json: validation of IRI References',
        'optional/format/iri.json: validation of IRIs',
        'optional/format/unknown.json: unknown format',
      ],
    },
    {
      reason: 'where ajv does not know which items are evaluated',
      sentence: 'expected no contains beside it, and no items in a subschema',
      groups: [
        'unevaluatedItems.json: unevaluatedItems with nested items',
        'unevaluatedItems.json: unevaluatedItems with nested prefixItems and items',
        'unevaluatedItems.json: unevaluatedItems depends on adjacent contains',
        'unevaluatedItems.json: unevaluatedItems depends on multiple nested contains',
        'unevaluatedItems.json: unevaluatedItems and contains interact to control item dependency relationship',
      ],
    },
    {
      reason: 'meta-schemas other than the two',
      sentence: 'expected "http',
      groups: [
        'vocabulary.json: schema that uses custom metaschema with with no validation vocabulary',
        'vocabulary.json: ignore unrecognized optional vocabulary',
        'optional/format-assertion.json: schema that uses custom metaschema with format-assertion: false',
        'optional/format-assertion.json: schema that uses custom metaschema with format-assertion: true',
      ],
    },
    {
      reason: 'names of Unicode properties that the engine of linear time does not know',
      sentence: 'expected a pattern for an engine',
      groups: [
        'optional/ecmascript-regex.json: patterns always use unicode semantics with pattern',
        'optional/ecmascript-regex.json: pattern with non-ASCII digits',
        'optional/ecmascript-regex.json: patterns always use unicode semantics with patternProperties',
        'optional/ecmascript-regex.json: patternProperties with non-ASCII digits',
      ],
    },
  ],
};

/** Optional cases that are answered in another way. */
export const deviations: Readonly<Record<Draft, readonly Deviation[]>> = {
  draft7: [
    {
      reason: 'content keywords are annotations',
      cases: [
        'optional/content.json: validation of string-encoded content based on media type: an invalid JSON document',
        'optional/content.json: validation of binary string-encoding: an invalid base64 string (% is not a valid character)',
        'optional/content.json: validation of binary-encoded media type documents: a validly-encoded invalid JSON document',
        'optional/content.json: validation of binary-encoded media type documents: an invalid base64 string that is valid JSON',
      ],
    },
    {
      reason: 'a number so large has no half here',
      cases: [
        'optional/float-overflow.json: all integers are multiples of 0.5, if overflow is handled: valid if optional overflow handling is implemented',
      ],
    },
  ],
  'draft2020-12': [
    {
      reason: 'a number so large has no half here',
      cases: [
        'optional/float-overflow.json: all integers are multiples of 0.5, if overflow is handled: valid if optional overflow handling is implemented',
      ],
    },
    {
      reason: 'addresses with quotes or with an IP address are not taken',
      cases: [
        'optional/format/email.json: validation of e-mail addresses: a quoted string with a space in the local part is valid',
        'optional/format/email.json: validation of e-mail addresses: a quoted string with a double dot in the local part is valid',
        'optional/format/email.json: validation of e-mail addresses: a quoted string with a @ in the local part is valid',
        'optional/format/email.json: validation of e-mail addresses: an IPv4-address-literal after the @ is valid',
        'optional/format/email.json: validation of e-mail addresses: an IPv6-address-literal after the @ is valid',
      ],
    },
  ],
};
