// What Prism does not do by itself, loaded before it.
const fetch = require("node-fetch");
const { ProblemJsonError } = require("@stoplight/prism-http");

// It follows a redirect and takes the token with it; GitHub's callers are to see the redirect.
const unfollowed = (url, options) => fetch(url, { ...options, redirect: "manual" });
Object.defineProperty(fetch, "default", { value: Object.assign(unfollowed, fetch) });

// Its log says that a request or an answer is wrong, and not why.
const { toProblemJson } = ProblemJsonError;
ProblemJsonError.toProblemJson = (error) => {
  const problem = toProblemJson(error);
  console.log(`problem: ${JSON.stringify(problem)}`);
  return problem;
};

// A schema that it cannot compile it leaves out without a word: then nothing would be checked.
const { prototype } = require("ajv/dist/core").default;
const { compile } = prototype;
prototype.compile = function (...given) {
  try {
    return compile.apply(this, given);
  } catch (error) {
    console.log(`problem: ${JSON.stringify({ type: "/prism/errors#NO_SCHEMA", detail: error.message })}`);
    throw error;
  }
};
