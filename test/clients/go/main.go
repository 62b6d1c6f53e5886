// The AWS SDK for Go v2: client, waiters, paginators, errors.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type item = map[string]types.AttributeValue

var passed, failed int

// test runs a function as the test of this name.
func test(name string, body func() error) {
	if err := body(); err != nil {
		failed++
		fmt.Printf("not ok: Go: %s\n  %v\n", name, err)
		return
	}
	passed++
	fmt.Printf("ok: Go: %s\n", name)
}

func equal(got, expected any) error {
	if !reflect.DeepEqual(got, expected) {
		return fmt.Errorf("got %v, expected %v", got, expected)
	}
	return nil
}

func text(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }
func number(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }

func main() {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRetryMaxAttempts(1))
	if err != nil {
		panic(err)
	}
	client := dynamodb.NewFromConfig(cfg)
	table := aws.String("GoTable")

	test("CreateTable and its waiter", func() error {
		_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
			TableName:   table,
			BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{
				{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
				{AttributeName: aws.String("sk"), AttributeType: types.ScalarAttributeTypeB},
			},
			KeySchema: []types.KeySchemaElement{
				{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
				{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
			},
		})
		if err != nil {
			return err
		}
		return dynamodb.NewTableExistsWaiter(client).Wait(ctx, &dynamodb.DescribeTableInput{TableName: table}, 20*time.Second)
	})

	key := item{"pk": text("a"), "sk": &types.AttributeValueMemberB{Value: []byte{0, 255}}}

	test("PutItem and GetItem of every type", func() error {
		put := item{
			"pk": key["pk"], "sk": key["sk"],
			"s": text("ä\x00"), "n": number("1.5"), "bool": &types.AttributeValueMemberBOOL{Value: true},
			"null": &types.AttributeValueMemberNULL{Value: true},
			"l":    &types.AttributeValueMemberL{Value: []types.AttributeValue{text("x"), number("1")}},
			"m":    &types.AttributeValueMemberM{Value: item{"k": text("")}},
			"ss":   &types.AttributeValueMemberSS{Value: []string{"a"}},
			"ns":   &types.AttributeValueMemberNS{Value: []string{"7"}},
			"bs":   &types.AttributeValueMemberBS{Value: [][]byte{{1, 2}}},
		}
		if _, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: put}); err != nil {
			return err
		}
		got, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key, ConsistentRead: aws.Bool(true)})
		if err != nil {
			return err
		}
		return equal(got.Item, put)
	})

	test("UpdateItem", func() error {
		got, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: table, Key: key, UpdateExpression: aws.String("SET n = n + :d REMOVE l[0]"),
			ExpressionAttributeValues: item{":d": number("2")}, ReturnValues: types.ReturnValueAllNew,
		})
		if err != nil {
			return err
		}
		return equal(got.Attributes["n"], number("3.5"))
	})

	test("a failed condition", func() error {
		_, err := client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: table, Key: key, ConditionExpression: aws.String("n > :n"),
			ExpressionAttributeValues:           item{":n": number("10")},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		var failure *types.ConditionalCheckFailedException
		if !errors.As(err, &failure) {
			return fmt.Errorf("got %v", err)
		}
		return equal(failure.Item["n"], number("3.5"))
	})

	test("ResourceNotFoundException", func() error {
		_, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("nothing")})
		var failure *types.ResourceNotFoundException
		if !errors.As(err, &failure) {
			return fmt.Errorf("got %v", err)
		}
		return equal(failure.ErrorMessage(), "Requested resource not found: Table: nothing not found")
	})

	test("BatchWriteItem and paginators", func() error {
		var requests []types.WriteRequest
		for i := 0; i < 25; i++ {
			requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{
				Item: item{"pk": text("batch"), "sk": &types.AttributeValueMemberB{Value: []byte{byte(i * 10)}}}}})
		}
		_, err := client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{*table: requests}})
		if err != nil {
			return err
		}
		pages := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
			TableName: table, Limit: aws.Int32(10), KeyConditionExpression: aws.String("pk = :pk AND sk >= :sk"),
			ExpressionAttributeValues: item{":pk": text("batch"), ":sk": &types.AttributeValueMemberB{Value: []byte{40}}},
		})
		var sizes []int
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			sizes = append(sizes, len(page.Items))
		}
		if err := equal(sizes, []int{10, 10, 1}); err != nil {
			return err
		}
		scan := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: table, Limit: aws.Int32(9)})
		count := 0
		for scan.HasMorePages() {
			page, err := scan.NextPage(ctx)
			if err != nil {
				return err
			}
			count += len(page.Items)
		}
		return equal(count, 26)
	})

	test("DeleteTable and its waiter", func() error {
		if _, err := client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: table}); err != nil {
			return err
		}
		return dynamodb.NewTableNotExistsWaiter(client).Wait(ctx, &dynamodb.DescribeTableInput{TableName: table}, 20*time.Second)
	})

	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
