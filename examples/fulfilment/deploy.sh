#!/bin/sh
# Where a real service is brought to its environment.
set -eu
echo "fulfilment is now in $1"
