"""The matrix: which consumer versions work with which provider versions, and what may be deployed.

The steps are those of a Pact Broker 2.122: the selectors of the question are resolved to versions; where a destination
is given, the pacticipants that integrate with them are added, in the versions that are there; all pacts between the
chosen versions are joined with the results for their contents; of these the latest are kept (`latestby`).

`terms` has the words of a question and its answer, `versions` and `rows` find them, `answer` puts them together, and
`reasons` says why it is so.
"""
