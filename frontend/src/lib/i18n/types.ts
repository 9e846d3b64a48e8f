// The types that make a missing text, or a missing placeholder, a compile error.

/** Names inside braces of a text: `'{n} of {total}'` gives `'n' | 'total'`. */
export type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

/**
 * What another language must say for the catalogue `En`: all of it, but no `.one` forms, which
 * Chinese does not have.
 */
export type Translated<En> = {
  readonly [Key in keyof En as Key extends `${string}.one` ? never : Key]: string;
};
