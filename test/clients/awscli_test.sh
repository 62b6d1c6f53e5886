#!/bin/bash
# The AWS CLI, as its manual shows it.
set -uo pipefail
export AWS_PAGER=''
passed=0 failed=0

# equal NAME GOT EXPECTED
equal() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
        echo "ok: AWS CLI: $1"
    else
        failed=$((failed + 1))
        printf 'not ok: AWS CLI: %s\n  got: %s\n  expected: %s\n' "$1" "$2" "$3"
    fi
}

cli() { aws dynamodb "$@" 2>&1; }
streams() { aws dynamodbstreams "$@" 2>&1; }

equal create-table "$(cli create-table --table-name Music --billing-mode PAY_PER_REQUEST \
    --attribute-definitions AttributeName=Artist,AttributeType=S AttributeName=Song,AttributeType=S \
    --key-schema AttributeName=Artist,KeyType=HASH AttributeName=Song,KeyType=RANGE \
    --query TableDescription.TableName --output text)" Music
equal "wait table-exists" "$(cli wait table-exists --table-name Music)" ''
equal describe-table "$(cli describe-table --table-name Music --query Table.TableStatus --output text)" ACTIVE
equal list-tables "$(cli list-tables --query "TableNames[?@=='Music']" --output text)" Music
equal put-item "$(cli put-item --table-name Music \
    --item '{"Artist": {"S": "Acme Band"}, "Song": {"S": "Happy Day"}, "Year": {"N": "2015"}}' --return-consumed-capacity TOTAL \
    --query ConsumedCapacity.CapacityUnits --output text)" 1.0
equal get-item "$(cli get-item --table-name Music --consistent-read \
    --key '{"Artist": {"S": "Acme Band"}, "Song": {"S": "Happy Day"}}' --query Item.Year.N --output text)" 2015
equal update-item "$(cli update-item --table-name Music --key '{"Artist": {"S": "Acme Band"}, "Song": {"S": "Happy Day"}}' \
    --update-expression 'SET #Y = #Y + :one' --expression-attribute-names '{"#Y": "Year"}' \
    --expression-attribute-values '{":one": {"N": "1"}}' --return-values UPDATED_NEW --query Attributes.Year.N --output text)" 2016
requests=$(python3 -c 'import json; print(json.dumps({"Music": [{"PutRequest": {"Item": {"Artist": {"S": "Batch"},
    "Song": {"S": f"{i:02}"}}}} for i in range(25)]}))')
equal batch-write-item "$(cli batch-write-item --request-items "$requests" --query 'length(UnprocessedItems)' --output json)" 0
equal query "$(cli query --table-name Music --key-condition-expression 'Artist = :a' \
    --expression-attribute-values '{":a": {"S": "Batch"}}' --page-size 10 --query 'length(Items)' --output json)" 25
equal 'query with --max-items' "$(cli query --table-name Music --key-condition-expression 'Artist = :a' \
    --expression-attribute-values '{":a": {"S": "Batch"}}' --max-items 3 --query 'Items[].Song.S' --output text | head -n 1)" "00	01	02"
equal scan "$(cli scan --table-name Music --page-size 4 --query 'length(Items)' --output json)" 26
cli put-item --table-name Music --item '{"Artist": {"S": "Acme Band"}, "Song": {"S": "Happy Day"}}' \
    --condition-expression 'attribute_not_exists(Artist)' >/dev/null
status=$?
# version 1, which is on PyPI, and version 2
equal 'status of a failed condition' "${status/254/255}" 255
equal 'text of a failed condition' "$(cli put-item --table-name Music --item '{"Artist": {"S": "Acme Band"}, "Song": {"S": "Happy Day"}}' \
    --condition-expression 'attribute_not_exists(Artist)' | grep -o 'An error occurred.*')" \
    'An error occurred (ConditionalCheckFailedException) when calling the PutItem operation: The conditional request failed'
equal delete-item "$(cli delete-item --table-name Music --key '{"Artist": {"S": "Acme Band"}, "Song": {"S": "Happy Day"}}' \
    --return-values ALL_OLD --query Attributes.Year.N --output text)" 2016
equal delete-table "$(cli delete-table --table-name Music --query TableDescription.TableStatus --output text)" DELETING
equal 'wait table-not-exists' "$(cli wait table-not-exists --table-name Music)" ''

# a stream read to its end, with a restart of the server in the middle
put_reading() { cli put-item --table-name Readings --item "{\"id\": {\"S\": \"$1\"}}" >/dev/null; }
cli create-table --table-name Readings --billing-mode PAY_PER_REQUEST --attribute-definitions AttributeName=id,AttributeType=S \
    --key-schema AttributeName=id,KeyType=HASH --stream-specification StreamEnabled=true,StreamViewType=KEYS_ONLY >/dev/null
arn=$(cli describe-table --table-name Readings --query Table.LatestStreamArn --output text)
equal list-streams "$(streams list-streams --table-name Readings --query 'Streams[].StreamArn' --output text)" "$arn"
for id in a b c; do put_reading "$id"; done
shard=$(streams describe-stream --stream-arn "$arn" --query 'StreamDescription.Shards[0].ShardId' --output text)
iterator=$(streams get-shard-iterator --stream-arn "$arn" --shard-id "$shard" --shard-iterator-type TRIM_HORIZON --query ShardIterator --output text)
read=''
for page in 1 2 3 4 5 6 7 8 9; do
    # shellcheck disable=SC2016 # the backticks are the AWS CLI's
    answer=$(streams get-records --shard-iterator "$iterator" --limit 2 --query '[NextShardIterator, join(`""`, Records[].dynamodb.Keys.id.S)]' --output text)
    read+=$(cut -f2 <<<"$answer")
    iterator=$(cut -f1 <<<"$answer")
    [ "$iterator" != None ] || break
    if [ "$page" = 1 ]; then
        "$DYNAPG_RESTART"
        for id in d e f g; do put_reading "$id"; done
        cli update-table --table-name Readings --stream-specification StreamEnabled=false >/dev/null
    fi
done
equal 'get-records to the end, over a restart' "$read $iterator" 'abcdefg None'
equal 'describe-stream of a stream that has ended' "$(streams describe-stream --stream-arn "$arn" --query StreamDescription.StreamStatus --output text)" DISABLED
cli delete-table --table-name Readings >/dev/null

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
