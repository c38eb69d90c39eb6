"use strict";
// Predicts a row with the plain numbers of a model. The specification is tabrail.model.compiled.plain,
// and tests compare both. `model` is the content that tabrail.serving.offline writes.
function offlineModel(model) {
  const {columns, numbers, task, classes, known, threshold, limits, missing, missingNumbers, largest} = model;
  const [accents, invisible, blanks] = model.unusual;
  const isUnusual = new RegExp(`[${accents}${invisible}${blanks}]`);
  const everyInvisible = new RegExp(`[${invisible}]`, "g"), everyBlank = new RegExp(`[${blanks}]`, "g");

  // A cell as the server reads it: see tabrail.data.written_text and tabrail.serving.fields.
  function cell(value) {
    if (typeof value === "number") return missingNumbers.includes(value) ? null : value;
    if (typeof value !== "string") return value;
    const usual = text => text.replace(everyInvisible, "").replace(everyBlank, " ").normalize("NFC");
    const text = (isUnusual.test(value) ? usual(value) : value).trim();
    return missing.includes(text) ? null : text;
  }

  const read = row => Object.fromEntries(columns.map(({name}) => [name, cell(row[name])]));

  // The nearest whole number; of two, the even one.
  function whole(value) {
    const up = Math.round(value);
    return up - value === 0.5 && up % 2 !== 0 ? up - 1 : up;
  }

  const rounded = value => whole(value * 1e9) / 1e9;

  // The milliseconds of an ISO date or time without a zone; NaN if it is none.
  function moment(text) {
    const found = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,6})?)?Z?)?$/.exec(text);
    if (!found) return NaN;
    const [year, month, day, hour, minute, second] = found.slice(1).map(one => Number(one || 0));
    const made = new Date(0);
    made.setUTCFullYear(year, month - 1, day);
    made.setUTCHours(hour, minute, second);
    const read = [made.getUTCFullYear(), made.getUTCMonth() + 1, made.getUTCDate(), made.getUTCHours(), made.getUTCMinutes()];
    return [year, month, day, hour, minute].every((one, place) => one === read[place]) ? made.getTime() : NaN;
  }

  // See tabrail.data.date_parts.
  function dateParts(text, withYears) {
    const time = text === null ? NaN : moment(text), year = new Date(time).getUTCFullYear();
    if (!(year >= 1678 && year <= 2261)) return Array(withYears ? 7 : 6).fill(NaN);
    const days = Math.floor(time / 864e5), day = Math.trunc((time - days * 864e5) / 6e4) / 1440;
    const dayOfYear = days - Date.UTC(year, 0, 1) / 864e5, weekday = (((days + 3) % 7) + 7) % 7;
    const turns = [(dayOfYear + day) / 366, (weekday + day) / 7, day].map(turn => 2 * Math.PI * turn);
    const parts = turns.flatMap(angle => [rounded(Math.sin(angle)), rounded(Math.cos(angle))]);
    return withYears ? [...parts, days / 365.25] : parts;
  }

  function scaled({fill, flagged, mean, scale}, values) {
    const gaps = values.map(value => !Number.isFinite(value));
    const filled = values.map((value, place) => (gaps[place] ? fill[place] : value));
    const all = [...filled, ...flagged.map(place => Number(gaps[place]))];
    return all.map((value, place) => (value - mean[place]) / scale[place]);
  }

  function encoded(encoder, row) {
    switch (encoder.kind) {
      case "numbers":
        return scaled(encoder.scaler, encoder.names.map(name => (row[name] === null ? NaN : Number(row[name]))));
      case "dates":
        return scaled(encoder.scaler, encoder.names.flatMap(name => dateParts(row[name], encoder.with_years)));
      default: {
        const {block, places} = encoder, word = row[encoder.name];
        if (word === null) return block[block.length - 1];
        return block[Object.hasOwn(places, word) ? places[word] : block.length - 2];
      }
    }
  }

  function leaf(lines, row) {
    let line = lines[0];
    while (Array.isArray(line)) {
      const [feature, most, left, right, missingGoesLeft] = line, value = row[feature];
      const goesLeft = Number.isNaN(value) ? missingGoesLeft : most === null || value <= most;
      line = lines[goesLeft ? left : right];
    }
    return line;
  }

  function sums(row) {
    const found = [...numbers.last.begin];
    for (const trees of numbers.last.steps || []) trees.forEach((lines, place) => (found[place] += leaf(lines, row)));
    for (const [place, weights] of (numbers.last.weights || []).entries()) {
      weights.forEach((weight, output) => (found[output] += row[place] * weight));
    }
    return found;
  }

  const links = {
    identity: found => found,
    log: found => found.map(Math.exp),
    logit([sum]) {
      const positive = 1 / (1 + Math.exp(-sum));
      return [1 - positive, positive];
    },
    softmax(found) {
      const most = Math.max(...found), powers = found.map(one => Math.exp(one - most));
      const total = powers.reduce((sum, one) => sum + one, 0);
      return powers.map(one => one / total);
    },
  };

  // Nine digits, clipped to the target's limits.
  function settled(value) {
    const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 8), [least, most] = limits;
    const number = value === 0 || !Number.isFinite(value) ? value : Number((whole(value / unit) * unit).toPrecision(9));
    return Math.min(Math.max(number, least ?? -Infinity), most ?? Infinity);
  }

  // A number; or the probabilities of the classes, in their order.
  function raw(row) {
    const given = links[numbers.last.link](sums(numbers.encoders.flatMap(one => encoded(one, row))));
    if (task === "regression") return [settled(given[0])];
    return classes.map(name => (known.includes(name) ? rounded(given[known.indexOf(name)]) : 0));
  }

  return {
    // The errors in a row, by column, as the server would answer.
    problems(given) {
      const row = read(given);
      return columns.flatMap(({name, kind, nullable, min, max, digits}) => {
        const value = row[name], say = message => [{loc: [name], message}];
        if (value === null) return nullable ? [] : say("A value is missing.");
        if (kind === "datetime") return Number.isNaN(moment(value)) ? say("Expected a date or a time, such as 2024-01-31T14:30.") : [];
        if (digits !== null && /^\d+$/.test(value) && value.length < digits) return say("Expected the zeros of training, which has " + digits + " digits or more.");
        if (kind !== "numeric") return [];
        if (!(Math.abs(value) < largest)) return say("Expected a number.");
        if (min !== null && value < min) return say("Expected at least " + min + ".");
        return max !== null && value > max ? say("Expected at most " + max + ".") : [];
      });
    },
    predict(given) {
      const found = raw(read(given));
      if (task === "regression") return {prediction: found[0]};
      if (task === "binary") return {prediction: classes[Number(found[1] >= threshold)], probability: found[1]};
      const probabilities = Object.fromEntries(classes.map((name, place) => [name, found[place]]));
      return {prediction: classes[found.indexOf(Math.max(...found))], probabilities};
    },
    // How much each value changes the prediction; see tabrail.serving.explain.
    explain(given) {
      const row = read(given), before = raw(row), place = task === "binary" ? 1 : task === "regression" ? 0 : before.indexOf(Math.max(...before));
      const changes = columns.map(({name, typical}) => {
        return {column: name, value: row[name], typical, change: before[place] - raw({...row, [name]: typical})[place]};
      });
      return changes.sort((one, other) => Math.abs(other.change) - Math.abs(one.change));
    },
  };
}
