/** What a thing is said of in OTLP: texts, numbers (whole ones are written as integers) and lists of texts, by name. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

export type AttributeValue = string | number | boolean | readonly string[];

/** Attributes that are still being gathered. */
export type OpenAttributes = Record<string, AttributeValue>;
