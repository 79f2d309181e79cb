/** @file Random filler text: `lipsum()`. */
import type { TemplateHost } from "./context.ts";
import { valueError } from "./errors.ts";
import { checkElements } from "./limits.ts";
import { capitalize } from "./methods/characters.ts";

const words = `
a ac accumsan ad adipiscing aenean aliquam aliquet amet ante aptent arcu at auctor augue bibendum blandit class
commodo condimentum congue consectetuer consequat conubia convallis cras cubilia cum curabitur curae cursus dapibus
diam dictum dictumst dignissim dis dolor donec dui duis egestas eget eleifend elementum elit enim erat eros est et
etiam eu euismod facilisi facilisis fames faucibus felis fermentum feugiat fringilla fusce gravida habitant
habitasse hac hendrerit hymenaeos iaculis id imperdiet in inceptos integer interdum ipsum justo lacinia lacus
laoreet lectus leo libero ligula litora lobortis lorem luctus maecenas magna magnis malesuada massa mattis mauris
metus mi molestie mollis montes morbi mus nam nascetur natoque nec neque netus nibh nisi nisl non nonummy nostra
nulla nullam nunc odio orci ornare parturient pede pellentesque penatibus per pharetra phasellus placerat platea
porta porttitor posuere potenti praesent pretium primis proin pulvinar purus quam quis quisque rhoncus ridiculus
risus rutrum sagittis sapien scelerisque sed sem semper senectus sit sociis sociosqu sodales sollicitudin suscipit
suspendisse taciti tellus tempor tempus tincidunt torquent tortor tristique turpis ullamcorper ultrices ultricies
urna ut varius vehicula vel velit venenatis vestibulum vitae vivamus viverra volutpat vulputate
`
  .trim()
  .split(/\s+/);

/** `count` paragraphs of `least` up to `most` (exclusive) words. */
export function loremIpsum(host: TemplateHost, count: number, least: number, most: number): string[] {
  if (most <= least) throw valueError(`empty range for randrange(${least}, ${most})`);
  checkElements(Math.max(0, count) * most);
  return Array.from({ length: Math.max(0, count) }, () => paragraph(host, between(host, least, most)));
}

/** A random int from `low` up to `high`, exclusive. */
function between(host: TemplateHost, low: number, high: number): number {
  return low + Math.floor(host.random() * (high - low));
}

function paragraph(host: TemplateHost, length: number): string {
  const out: string[] = [];
  let startsSentence = true;
  let lastComma = 0;
  let lastStop = 0;
  let previous = "";
  for (let i = 0; i < length; i++) {
    let word = previous;
    while (word === previous) word = words[between(host, 0, words.length)]!;
    previous = word;
    if (startsSentence) word = capitalize(word);
    startsSentence = false;
    if (i - between(host, 3, 8) > lastComma) {
      lastComma = i;
      lastStop += 2;
      word += ",";
    }
    if (i - between(host, 10, 20) > lastStop) {
      lastComma = lastStop = i;
      word += ".";
      startsSentence = true;
    }
    out.push(word);
  }
  const text = out.join(" ");
  return text.endsWith(".") ? text : `${text.replace(/,$/, "")}.`;
}
