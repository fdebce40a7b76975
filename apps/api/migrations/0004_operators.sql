ALTER TABLE "account"."users" ADD COLUMN "role" text;--> statement-breakpoint
ALTER TABLE "account"."users" ADD COLUMN "banned" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "account"."users" ADD COLUMN "ban_reason" text;--> statement-breakpoint
ALTER TABLE "account"."users" ADD COLUMN "ban_expires" timestamp with time zone;