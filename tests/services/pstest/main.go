// Google's fake Pub/Sub server, which its Go client's own tests use, as a program: pstest HOST:PORT.
package main

import (
	"context"
	"log"
	"net"
	"os"
	"time"

	"cloud.google.com/go/pubsub/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/pstest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	largestRequest = 12_000_000
	lookEvery      = 5 * time.Millisecond
)

// server is the fake, but for what it does differently from Pub/Sub where that can be mended from outside.
type server struct {
	*pstest.GServer
}

// Pull waits for messages and returns when there are some; the fake sleeps for half a second instead.
func (s server) Pull(ctx context.Context, request *pubsubpb.PullRequest) (*pubsubpb.PullResponse, error) {
	look := &pubsubpb.PullRequest{
		Subscription:      request.Subscription,
		MaxMessages:       request.MaxMessages,
		ReturnImmediately: true,
	}
	for {
		response, err := s.GServer.Pull(ctx, look)
		if err != nil || len(response.ReceivedMessages) > 0 {
			return response, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

// Seek is refused: after it, the fake's messages have no content, and the next look at them ends the process.
func (s server) Seek(context.Context, *pubsubpb.SeekRequest) (*pubsubpb.SeekResponse, error) {
	return nil, status.Error(codes.Unimplemented, "pstest cannot seek")
}

func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fake := server{&pstest.NewServer().GServer}
	serving := grpc.NewServer(grpc.MaxRecvMsgSize(largestRequest))
	pubsubpb.RegisterPublisherServer(serving, fake)
	pubsubpb.RegisterSubscriberServer(serving, fake)
	log.Fatal(serving.Serve(listener))
}
